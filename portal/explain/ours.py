"""Our own codes, and those of HTTP, for what no remote gave a code."""

from __future__ import annotations

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import ALTINN, CUSTOMER, NEW_KEY, NOBODY, SKATTEETATEN, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
    "ALREADY_THERE": Explanation(
        _("Skatteetaten har alt en levering for samme kunde, tjeneste og periode"),
        _("Ingen innsending i portalen har den. Den kan være levert herfra etter at en sikkerhetskopi ble tatt."),
        US,
        _("Se leveringen på siden til innsendingen, og velg hva som skal skje."),
    ),
    "SETTLED_NOT_THERE": Explanation(
        _("En person har avklart at oppgaven ikke kom fram"),
        _("Svaret på sendingen ble borte, og tilgangen virker ikke lenger."),
        US,
        _("Be kunden om tilgang igjen, og send oppgaven på nytt."),
    ),
    "RESTORED": Explanation(
        _("Meldingen kan være sendt før databasen ble lagt tilbake"),
        _("Den ventet da sikkerhetskopien ble tatt, og ingen vet om den er sendt etterpå."),
        US,
        _("Spør mottakeren. Send den på nytt, eller avslutt uten å sende."),
    ),
    "NO_VENDOR": Explanation(
        _("Ingen har skrevet hvem dere er"),
        _("En e-post til en kunde må ha en avsender som kunden kjenner."),
        US,
        _("Fyll ut Om dere under Innstillinger. Da går e-postene av seg selv."),
    ),
    "NOT_POSSIBLE": Explanation(
        _("Kundene kan ikke spørres nå"),
        _("Systemet er ikke registrert i Altinn, eller det er slettet der."),
        US,
        _("Se på systemet under Systemer. Kampanjen går videre av seg selv når det er registrert."),
    ),
    "NO_KEY": Explanation(
        _("Klienten har ingen gyldig nøkkel"), _("Uten nøkkel kan ingenting signeres for Maskinporten."), US, NEW_KEY
    ),
    "WRONG_ORGNR": Explanation(
        _("Nummeret kan ikke være kunde i dette miljøet"),
        _("Et syntetisk nummer hører til i test, et ekte i produksjon, og kontrollsifferet må stemme."),
        US,
        _("La den stå, eller velg at den ikke skal følges."),
    ),
    "NOT_LISTED": Explanation(
        _("Altinn sa ikke noe om virksomheten"),
        _("Like etter en godkjenning kan det ta opptil en time før Altinn kjenner den."),
        NOBODY,
        _("Vi spør igjen hvert døgn."),
    ),
    "RIGHTS_SETTLING": Explanation(
        _("Godkjenningen er ikke tatt i bruk overalt ennå"),
        _("Etter en godkjenning kan det ta opptil en time før Skatteetaten og Altinn kjenner den."),
        NOBODY,
        TRY_LATER,
    ),
    "DOCUMENT_DAMAGED": Explanation(
        _("En fil vi har lagret, kan ikke leses"),
        _("Den er borte fra lagringen, er endret, eller nøkkelen den ble kryptert med, mangler."),
        US,
        _("Be den som drifter portalen om å legge filen eller nøkkelen tilbake. Da går alt videre av seg selv."),
    ),
    "DOCUMENT_NOT_READY": Explanation(
        _("Et dokument er varslet, men kan ikke hentes ennå"),
        _("Skatteetaten har det ikke klart, eller har lukket det for systembrukeren."),
        SKATTEETATEN,
        _("Vi prøver igjen så lenge portalen arbeider. Haster det, les det i Altinn."),
    ),
    "ORDER_NOT_READY": Explanation(
        _("Svaret på bestillingen kom ikke"),
        _("Skatteetaten er ikke ferdig, eller kjenner ikke bestillingen: svaret sier ikke hvilken av de to."),
        SKATTEETATEN,
        _("Vent lenger hvis bestillingen er ny. Ellers avbryt, og bestill på nytt."),
    ),
    "FOREIGN_ADDRESS": Explanation(
        _("Et vedlegg ligger på en fremmed adresse"),
        _("Adressen er ikke Skatteetatens, og vi sender aldri et token dit."),
        US,
        _("Les vedlegget i Altinn."),
    ),
    "OPENED_SWITCHED_OFF": Explanation(
        _("Innstillingen er slått av"),
        _("En administrator slo den av etter at svaret ble åpnet, og før Skatteetaten fikk vite det."),
        NOBODY,
        _("Ingenting. Skatteetaten minner kunden som vanlig."),
    ),
    "OPENED_NO_ADDRESS": Explanation(
        _("Forsendelsen er ikke lenger åpen for dere"),
        _("Tilgangen er borte, eller dialogen har ingen adresse å gi beskjed på."),
        NOBODY,
        _("Ingenting. Skatteetaten minner kunden som vanlig."),
    ),
    "OPENED_TOO_LATE": Explanation(
        _("Det gikk for lang tid"),
        _("Portalen fikk ikke gitt beskjed innen et døgn etter at svaret ble åpnet."),
        NOBODY,
        _("Ingenting. Skatteetaten minner kunden som vanlig."),
    ),
    "LABELS_CHANGED": Explanation(
        _("Merkene i Altinn var endret imens"),
        _("Noen hos kunden, eller avsenderen, endret dialogen etter at du så den. Vi har lest den på nytt."),
        US,
        _("Se hvordan den står nå, og prøv igjen om du fortsatt vil."),
    ),
    "LABELS_SWITCHED_OFF": Explanation(
        _("Arkivering i Altinn er slått av"),
        _("En administrator slo den av før vi rakk å si fra til Altinn."),
        NOBODY,
        _("Ingenting. Dialogen står som den sto."),
    ),
    "LABELS_CLOSED": Explanation(
        _("Dialogen kunne ikke arkiveres"),
        _("Tilgangen eller dialogen er borte, eller Altinn svarte ikke på et døgn."),
        US,
        _("Prøv igjen, eller arkiver den i Altinn."),
    ),
    "NO_SCOPE": Explanation(
        _("Klienten mangler scopet for dokumentet"),
        _("Dokumentet krever et scope som Maskinporten-klienten ikke har. Les det hos avsenderen."),
        US,
        _("Be Skatteetaten om scopet, og legg det til på klienten."),
    ),
    "CANNOT_DECRYPT": Explanation(
        _("Noe vi har lagret, kan ikke dekrypteres"),
        _("Nøkkelen det ble kryptert med, er tatt bort, eller dataene er endret."),
        US,
        _("Be den som drifter portalen om å legge nøkkelen tilbake. Da går alt videre av seg selv."),
    ),
    "KEY_SERVICE": Explanation(
        _("Nøkkeltjenesten signerte ikke"),
        _(
            "Den private nøkkelen ligger hos en nøkkeltjeneste som ikke svarte, eller som sa nei. Uten den får vi ingen token."
        ),
        US,
        _("Be den som drifter portalen om å se til tjenesten. Da går alt videre av seg selv."),
    ),
    "DISK_FULL": Explanation(
        _("Disken er full"),
        _("Filer fra Skatteetaten kan ikke lagres."),
        US,
        _("Be den som drifter portalen om å skaffe plass. Da går alt videre av seg selv."),
    ),
    "STORAGE_FAILED": Explanation(
        _("Lagringen svarer ikke"),
        _("En fil kunne ikke leses eller skrives."),
        US,
        _("Be den som drifter portalen om å se på lagringen. Da går alt videre av seg selv."),
    ),
    "TIMED_OUT": Explanation(
        _("Arbeidet tok for lang tid"), _("Det ble avbrutt, og er begynt på nytt."), NOBODY, TRY_LATER
    ),
    "INTERNAL_ERROR": Explanation(
        _("En feil i portalen"),
        _("Programmet stoppet på noe det ikke kjenner. Loggen sier hva."),
        US,
        _("Meld fra til den som drifter portalen. Vi prøver igjen så lenge portalen arbeider."),
    ),
    "HTTP-400": Explanation(
        _("Tjenesten forsto ikke det vi sendte"),
        _("Den svarte 400, uten en kode som sier hva som er galt."),
        US,
        _("Meld fra til den som drifter portalen. Vi prøver igjen så lenge portalen arbeider."),
    ),
    "HTTP-404": Explanation(
        _("Tjenesten finner det ikke"),
        _("Det er slettet, eller tilgangen vår rekker ikke dit lenger."),
        US,
        _("Se etter i Altinn om det fortsatt er der."),
    ),
    "HTTP-409": Explanation(
        _("Tjenesten sier at noe annet står i veien"),
        _("Den svarte 409: det samme er gjort før, eller skjer akkurat nå."),
        US,
        _("Vent litt. Varer det, meld fra til den som drifter portalen."),
    ),
    "HTTP-410": Explanation(
        _("Det er borte hos tjenesten"), _("Eieren har slettet det."), NOBODY, _("Det er ingenting å gjøre.")
    ),
    "HTTP-429": Explanation(
        _("Tjenesten ba oss vente"), _("Vi har spurt for mange ganger på kort tid."), NOBODY, TRY_LATER
    ),
    "HTTP-401": Explanation(
        _("Tjenesten godtok ikke tokenet"),
        _("Det var utløpt, eller fra feil miljø."),
        US,
        _("Prøv igjen. Kommer det tilbake, meld fra til den som drifter portalen."),
    ),
    "HTTP-403": Explanation(
        _("Tjenesten ga oss ikke lov"),
        _("Et scope mangler, systemet eies av en annen virksomhet, eller nummeret er ukjent i dette miljøet."),
        US,
        _("Prøv forbindelsen under Tilkobling. Der står det hva som er galt, og hvem som kan rette det."),
    ),
    "VENDOR_UNKNOWN": Explanation(
        _("Altinn kjenner ikke organisasjonsnummeret deres i dette miljøet"),
        _("Tokenet er riktig, men Altinn svarer 403. I test finnes ekte numre ikke før Altinn har lagt dem inn."),
        ALTINN,
        _("Be servicedesk@altinn.no legge inn nummeret. Teksten står i veiviseren under Tilkobling."),
    ),
    "WRONG_CONSUMER": Explanation(
        _("Tokenet tilhører en annen virksomhet enn den som eier systemet"),
        _("Nummeret i consumer er et annet enn det klienten er lagt inn med her."),
        US,
        _("Rett eieren på klienten under Innstillinger, eller bruk en klient som virksomheten eier."),
    ),
    "CLIENT_NOT_ON_SYSTEM": Explanation(
        _("Klienten står ikke på systemet i Altinn"),
        _("Maskinporten gir bare token for en systembruker til klientene som står på systemet."),
        US,
        _("Legg klient-id-en til på systemet, og send endringen til Altinn."),
    ),
    "SYSTEM_DELETED": Explanation(
        _("Systemet er slettet i Altinn"),
        _("Da virker ingen av systembrukerne til systemet."),
        US,
        _("Registrer et nytt system, og be kundene om tilgang på nytt."),
    ),
    "SYSTEM_USER_GONE": Explanation(
        _("Altinn har ingen systembruker for kunden med denne referansen"),
        _("Kunden har fjernet den, eller den er laget med en annen referanse enn vi bruker."),
        CUSTOMER,
        _("Spør kunden. Er den fjernet, be om tilgang på nytt."),
    ),
    "SIGNS_DISAGREE": Explanation(
        _("Altinn og Maskinporten sier ikke det samme"),
        _("Systembrukeren står hos den ene og ikke hos den andre. Det skjer når klienten er tatt av systemet."),
        US,
        _("Sammenlign systemet med Altinn under Systemer."),
    ),
    "TOO_MANY_MISSING": Explanation(
        _("Mange tilganger mangler i Altinns liste"),
        _("Mer enn halvparten mangler på én gang. Det er trolig en feil i listen, så ingen av dem er meldt som borte."),
        US,
        _("Sammenlign systemet med Altinn under Systemer. Meld fra til Altinn om det varer."),
    ),
    "OWNED_BY_ANOTHER": Explanation(
        _("Systemet eies av en annen leverandør"),
        _("Altinn lar bare eieren se og endre et system, og klienten vår har en annen eier."),
        US,
        _("Velg en klient som tilhører eieren av systemet."),
    ),
    "NOT_READY_IN_TIME": Explanation(
        _("Skatteetaten ble ikke ferdig med kontrollen av filen"),
        _("Filen er lastet opp, men kontrollen hos Skatteetaten har vart så lenge at vi har sluttet å vente."),
        US,
        _("Prøv igjen. Skjer det en gang til, spør Skatteetaten, og oppgi når filen ble lastet opp."),
    ),
    "CONFIRM_IN_ALTINN": Explanation(
        _("Klar i Altinn, men ikke levert"),
        _("Alt er kontrollert og lastet opp. Skatteetaten krever at en person bekrefter."),
        CUSTOMER,
        _(
            "Logg inn i Altinn som en som kan levere for virksomheten, åpne skjemaet i innboksen og bekreft. "
            "Skal det ikke leveres, slett skjemaet der."
        ),
    ),
    "ANSWER_NOT_SEEN": Explanation(
        _("Levert, men svaret er ikke funnet i Altinn"),
        _("En person har bekreftet. Portalen fant ikke noe svar der, og har sluttet å se etter."),
        US,
        _("Be kunden se etter svaret i innboksen i Altinn."),
    ),
    "DELETED_IN_ALTINN": Explanation(
        _("Skjemaet ble slettet i Altinn før noen bekreftet"),
        _("Ingenting er levert."),
        US,
        _("Spør kunden. Lag en ny innsending om den fortsatt skal leveres."),
    ),
    "ALTINN_APP:INFECTED": Explanation(
        _("Altinn fant virus i filen"),
        _("Ingenting er levert, og ingen skal bekrefte. Portalen sletter skjemaet i Altinn."),
        US,
        _("Lag filen på nytt på en maskin uten virus. Ligger skjemaet fortsatt i innboksen i Altinn, slett det der."),
    ),
    "ALTINN_APP:NOT_TAKEN": Explanation(
        _("Altinn gjør ikke skjemaet klart til bekreftelse med denne filen"),
        _("Innholdet går ikke gjennom kontrollen i Altinn. Ingenting er levert."),
        US,
        _("Rett filen i fagsystemet, og last opp en ny fil."),
    ),
    "SKATTEMELDING:OTHER_DOCUMENT": Explanation(
        _("Utkastet hos Skatteetaten er et annet enn det filen bygger på"),
        _("Skatteetaten har laget et nytt utkast etter at filen ble laget, eller filen gjelder en annen."),
        US,
        _("Hent utkastet på nytt i fagsystemet, og last opp en ny fil."),
    ),
    "UNAVAILABLE": Explanation(_("Tjenesten svarer ikke"), _("Vi fikk ikke kontakt."), NOBODY, TRY_LATER),
    "BROKEN_REPLY": Explanation(
        _("Svaret var uleselig"),
        _("Tjenesten svarte noe vi ikke forstår."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "MAIL_REFUSED": Explanation(
        _("Mottakerens e-postserver tok ikke imot"),
        _("Adressen finnes ikke, eller serveren godtar ikke e-post fra oss."),
        US,
        _("Sjekk adressen. Rett den, og be om e-posten på nytt, eller send på nytt fra Django admin."),
    ),
    "MAIL_DEFERRED": Explanation(
        _("E-postserveren ba oss vente"), _("Den tar ikke imot e-posten akkurat nå."), NOBODY, TRY_LATER
    ),
    "MAIL_MALFORMED": Explanation(
        _("E-posten kan ikke sendes slik den er"),
        _("Adressen er ingen e-postadresse, eller emnet har linjeskift."),
        US,
        _("Rett adressen, og be om e-posten på nytt."),
    ),
    "MAIL_UNREACHABLE": Explanation(
        _("E-postserveren svarer ikke"),
        _("Vi fikk ikke kontakt, eller forbindelsen ble brutt før noe ble sendt."),
        US,
        _("Varer det, sjekk MAIL_HOST, MAIL_PORT og MAIL_TLS. Når serveren svarer, går alt videre av seg selv."),
    ),
    "MAIL_LOGIN_REFUSED": Explanation(
        _("E-postserveren godtok ikke innloggingen"),
        _("Brukernavnet eller passordet er feil."),
        US,
        _("Rett MAIL_USER og MAIL_PASSWORD, og start prosessene på nytt. Da går alt videre av seg selv."),
    ),
    "MAIL_SENDER_REFUSED": Explanation(
        _("E-postserveren godtok ikke avsenderen"),
        _("Vi får ikke sende fra adressen i MAIL_FROM."),
        US,
        _("Rett MAIL_FROM, eller be den som drifter e-postserveren om å godta den."),
    ),
    "OUTBOX_UNCERTAIN": Explanation(
        _("Meldingen er kanskje sendt"),
        _("Forbindelsen eller prosessen stoppet etter at vi begynte å sende, og før vi fikk svar."),
        US,
        _("Spør mottakeren. Kom den ikke fram, send på nytt fra Django admin. Kom den fram, avslutt den der."),
    ),
    "OUTBOX_NO_SENDER": Explanation(
        _("Portalen kan ikke sende denne typen meldinger"),
        _("Prosessen som sender, har ingen kode for typen. Det skjer når den er eldre enn den som la meldingen inn."),
        US,
        _("Start alle prosesser på nytt med samme versjon. Da går alt videre av seg selv."),
    ),
}


def of_http(code: str) -> Explanation:
    """For a status that has no text of its own."""
    return Explanation(
        _("Tjenesten sa nei"),
        format_lazy(_("Den svarte med statusen {status}, uten å si hvorfor."), status=code.removeprefix("HTTP-")),
        US,
        _("Meld fra til den som drifter portalen, og oppgi statusen. Vi prøver igjen så lenge portalen arbeider."),
    )
