"""Full names of the RF-1086 elements used by the checks and the samples."""

ORGNR = "EnhetOrganisasjonsnummer-datadef-18"
YEAR = "Inntektsar-datadef-692"
SHARE_CLASS = "AksjeType-datadef-17659"

# Main form: the class at the end of last year and of this one.
OPENING, CLOSING = "AksjerMvAntallFjoraret-datadef-29166", "AksjerMvAntall-datadef-29167"
OPENING_NOMINAL, CLOSING_NOMINAL = "AksjeMvPalydendeFjoraret-datadef-23944", "AksjeMvPalydende-datadef-23945"
OPENING_CAPITAL = "AksjekapitalISINAksjetypeFjoraret-datadef-17663"
CLOSING_CAPITAL = "AksjekapitalISINAksjetype-datadef-17664"
ISSUED = ("AksjerNyutstedteStiftelseMvAntall-datadef-17668", "AksjerNyutstedteFondsemisjonMvAntall-datadef-17677")
DELETED = ("AksjerSlettedeLikvidasjonMvAntall-datadef-17688", "AksjerSlettedeSpleisMvAntall-datadef-17693")
ALL_OPENING_CAPITAL = "AksjekapitalFjoraret-datadef-7129"
ISSUES = "AntallNyutstedteAksjer-grp-3453"
ISSUE_TYPE = "AksjerNyutstedteStiftelseMvType-datadef-17670"
ISSUE_NOMINAL = "AksjerNyutstedteStiftelseMvPalydende-datadef-23947"
ISSUE_PREMIUM = "AksjerNyutstedteStiftelseMvOverkurs-datadef-23948"
INCREASES = "ForhoyelseAvAKVedOkningAvPalydende-grp-3463"
INCREASE, INCREASE_PREMIUM = "AksjekapitalNyemisjonForhoyelse-datadef-17713", "AksjeOverkursForhoyelse-datadef-22071"
DIVIDENDS = "UtdeltSkatterettsligUtbytteILopetAvInntektsaret-grp-3451"
DIVIDEND, PER_SHARE = "AksjeUtbytteISINAksjetype-datadef-17665", "AksjeUtbyttePerAksje-datadef-23946"
DIVIDEND_AT = "AksjeUtbytteTidspunkt-datadef-17667"

# Sub-form: one shareholder.
SHAREHOLDER = "NorskUtenlandskAksjonar-grp-3988"
PERSON, COMPANY = "AksjonarFodselsnummer-datadef-1156", "AksjonarOrganisasjonsnummer-datadef-7597"
FOREIGNER = "AksjonarUtenlandskIdenifikasjonsnummer-datadef-26626"
NAME, COUNTRY = "AksjonarNavn-datadef-1153", "AksjonarLandkode-datadef-17740"
HELD, HOLDS = "AksjerAntallFjoraret-datadef-29168", "AksjonarAksjerAntall-datadef-17741"
GAINED = ("AksjerKjopAntall-datadef-12153", "AksjerTilgangFondsemisjonMvAntall-datadef-17748")
LOST = ("AksjerArvMvOmsattAntall-datadef-17752", "AksjerSpleisMvAvgangAntall-datadef-24007")
PAYMENTS = "UtdeltUtbyttePerAksjonar-grp-3991"
PAID, PAID_SHARES = "Aksjeutbytte-datadef-29169", "AksjerUtbytteAntall-datadef-17742"
PAID_AT = "AksjerUtbytteTidspunkt-datadef-17769"
ACQUISITIONS = "AntallAksjerITilgang-grp-3998"
ACQUISITION_TYPE, ACQUISITION_VALUE = "AksjeErvervType-datadef-17745", "AksjeAnskaffelsesverdi-datadef-17636"
INCREASE_OF_ONE = "AksjekapitalNyemisjonForhoyelseAksjonar-datadef-22073"
PREMIUM_OF_ONE = "AksjeOverkursForhoyelseAksjonar-datadef-22076"
