"""URLs that need no log-in: each view checks an unguessable token."""

from django.urls import path

from systemusers.views import link, link_stop

urlpatterns = [
    path("l/<str:token>/", link.show, name="customer-link"),
    path("l/<str:token>/opened/", link.opened, name="customer-link-opened"),
    path("l/<str:token>/altinn/", link.go_on, name="customer-link-altinn"),
    path("l/<str:token>/return/", link.returned, name="customer-link-return"),
    path("l/<str:token>/forward/", link.forward, name="customer-link-forward"),
    path("l/<str:token>/stop/", link_stop.stop, name="customer-link-stop"),
    path("l/<str:token>/stop/<int:address>/", link_stop.stop_address, name="customer-address-stop"),
    path("return", link.from_altinn, name="from-altinn"),
]
