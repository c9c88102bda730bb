"""Staff pages of this app, all under `/<environment>/`."""

from django.urls import path

from accounts import contact_views, import_views, views

urlpatterns = [
    path("customers/new/", views.new, name="customer-new"),
    path("customers/import/", import_views.imports, name="customer-imports"),
    path("customers/import/<int:pk>/", import_views.one, name="customer-import"),
    path("customers/import/<int:pk>/columns/", import_views.columns, name="customer-import-columns"),
    path("customers/import/<int:pk>/no-look-up/", import_views.without_look_up, name="customer-import-no-look-up"),
    path("customers/import/<int:pk>/extra/", import_views.extra, name="customer-import-extra"),
    path("customers/import/<int:pk>/confirm/", import_views.confirm, name="customer-import-confirm"),
    path("customers/import/<int:pk>/undo/", import_views.undo, name="customer-import-undo"),
    path("customers/import/<int:pk>/discard/", import_views.discard, name="customer-import-discard"),
    path("customers/import/<int:pk>/rest.csv", import_views.rest_list, name="customer-import-rest"),
    path("customers/<int:pk>/edit/", views.edit, name="customer-edit"),
    path("customers/<int:pk>/contacts/new/", contact_views.new, name="contact-new"),
    path("customers/<int:pk>/contacts/<int:contact>/", contact_views.edit, name="contact-edit"),
    path("customers/<int:pk>/contacts/<int:contact>/remove/", contact_views.remove, name="contact-remove"),
    path("customers/<int:pk>/contacts/restore/", contact_views.restore, name="contact-restore"),
    path("customers/<int:pk>/look-up/", views.refresh, name="customer-look-up"),
    path("settings/vendor/", views.vendor, name="vendor"),
]
