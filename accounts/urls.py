"""Staff pages of this app, all under `/<environment>/`."""

from django.urls import path

from accounts import import_views, views

urlpatterns = [
    path("customers/new/", views.new, name="customer-new"),
    path("customers/import/", import_views.import_list, name="customer-list"),
    path("customers/<int:pk>/edit/", views.edit, name="customer-edit"),
    path("customers/<int:pk>/look-up/", views.refresh, name="customer-look-up"),
    path("settings/vendor/", views.vendor, name="vendor"),
]
