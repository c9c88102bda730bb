"""Staff pages of this app, all under `/<environment>/`."""

from django.urls import path

from systemusers.views import access, adoption, ask, register, settings, systems

urlpatterns = [
    path("access/", access.access_list, name="accesses"),
    path("access/new/", ask.new, name="access-new"),
    path("access/<int:pk>/", access.one, name="access"),
    path("access/<int:pk>/withdraw/", access.withdraw, name="access-withdraw"),
    path("access/<int:pk>/renew/", access.renew, name="access-renew"),
    path("access/<int:pk>/send/", access.send_again, name="access-send"),
    path("access/<int:pk>/link/close/", access.revoke_link, name="access-link-close"),
    path("access/<int:pk>/link/reopen/", access.reopen_link, name="access-link-reopen"),
    path("systems/", systems.systems, name="systems"),
    path("systems/new/", systems.edit, name="system-new"),
    path("systems/<int:pk>/", systems.system, name="system"),
    path("systems/<int:pk>/edit/", systems.edit, name="system-edit"),
    path("systems/<int:pk>/register/", systems.register_now, name="system-register"),
    path("systems/import/", register.take_over, name="system-import"),
    path("systems/<int:pk>/diff/", register.diff, name="system-diff"),
    path("systems/<int:pk>/compare/", systems.compare, name="system-compare"),
    path("systems/<int:pk>/delete/", systems.delete, name="system-delete"),
    path("systems/<int:pk>/found/", adoption.found, name="found"),
    path("systems/<int:pk>/found/fetch/", adoption.fetch, name="found-fetch"),
    path("access/<int:pk>/rights/", adoption.rights, name="access-rights"),
    path("systems/<int:system>/profiles/new/", systems.profile, name="profile-new"),
    path("systems/<int:system>/profiles/<int:pk>/", systems.profile, name="profile"),
    path("settings/", settings.settings, name="settings"),
    path("settings/clients/new/", settings.client, name="client-new"),
    path("settings/clients/<int:pk>/", settings.client, name="client"),
    path("settings/clients/<int:pk>/keys/", settings.make_key, name="key-new"),
    path("settings/clients/<int:pk>/scopes/", settings.check_scopes, name="scopes-check"),
    path("settings/keys/<int:pk>/activate/", settings.activate_key, name="key-activate"),
    path("settings/keys/<int:pk>/retire/", settings.retire_key, name="key-retire"),
]
