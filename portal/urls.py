"""Every address of the portal. /healthz and /readyz are answered before this, by `portal.core.middleware.Health`.

Staff pages begin with their environment; the rest is log-in, the customer's own pages, the API, webhooks and Django admin.
"""

from allauth.account import views as allauth
from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path, register_converter
from django.utils.translation import gettext_lazy as _

from accounts import oidc
from accounts.guard import EnvironmentConverter, admin_log_in, asking_first, may_open_admin, with_passwords
from accounts.mfa import ask_factor
from portal.desk import views
from portal.desk.people.welcome import welcome

admin.site.site_header = admin.site.site_title = _("Alt som er lagret")
admin.site.index_title = _("Til å se, og til å rette det som har stanset")
admin.site.login = admin_log_in  # type: ignore[method-assign,assignment]  # one log-in for all; 403 for other staff
admin.site.has_permission = may_open_admin  # type: ignore[method-assign]
admin.site.admin_view = asking_first(admin.site.admin_view)  # type: ignore[method-assign,assignment]
register_converter(EnvironmentConverter, "env")

LOGIN = [  # of allauth's pages only those we use: accounts are made by an administrator
    path("login/", allauth.login, name="account_login"),
    path("oidc/", oidc.begin, name="oidc-begin"),
    path("oidc/callback/", oidc.callback, name="oidc-callback"),
    path("oidc/again/", oidc.again, name="oidc-again"),
    path("oidc/prove/", oidc.prove, name="oidc-prove"),
    path("oidc/proved/", oidc.proved, name="oidc-proved"),
    path("login/factor/", ask_factor, name="mfa_authenticate"),
    path("logout/", allauth.logout, name="account_logout"),
    path("password/reset/", with_passwords(allauth.password_reset), name="account_reset_password"),
    path("password/reset/done/", allauth.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        with_passwords(allauth.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path("password/reset/key/done/", allauth.password_reset_from_key_done, name="account_reset_password_from_key_done"),
    path("inactive/", allauth.account_inactive, name="account_inactive"),
    path("signup/", views.no_signup, name="account_signup"),
    path("still-here/", views.still_here, name="still-here"),
]

urlpatterns = [
    path("", views.home, name="home"),
    path("favicon.ico", views.favicon, name="favicon"),
    path(".well-known/security.txt", views.security_txt, name="security-txt"),
    path("logo/<str:name>", views.logo, name="logo"),
    path("accounts/", include(LOGIN)),
    path("invitation/<str:token>/", welcome, name="invitation"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/password_change/", views.own_password, name="admin-own-password"),
    path("admin/", admin.site.urls),
    path("api/v1/", include("portal.api.urls")),
    path("<env:environment>/", include("accounts.urls")),
    path("<env:environment>/", include("systemusers.urls")),
    path("<env:environment>/", include("submissions.urls")),
    path("<env:environment>/", include("portal.desk.urls")),
    path("", include("systemusers.public_urls")),
    path("", include("submissions.public_urls")),
]
if settings.LOCAL:
    from portal.local import mail_views
    from portal.local.lived_in.note import note

    urlpatterns += [
        path("<env:environment>/local/mail/", mail_views.mails, name="local-mails"),
        path("<env:environment>/local/mail/<str:file>/", mail_views.mail, name="local-mail"),
        path("<env:environment>/local/mail/<str:file>/content/", mail_views.content, name="local-mail-content"),
        path("<env:environment>/local/demonstration/", note, name="local-demonstration"),
    ]
handler400 = "portal.errors.bad_request"
handler403 = "portal.errors.forbidden"
handler404 = "portal.errors.not_found"
handler429 = "portal.errors.too_many"  # allauth's, for its limits
handler500 = "portal.errors.server_error"
