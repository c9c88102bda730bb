"""Staff pages that show several apps, all under `/<environment>/`."""

from django.urls import path

from portal.desk import customer, customers, offered, views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("connection/", views.connection, name="connection"),
    path("offered/", offered.offered_list, name="offered"),
    path("offered/read/", offered.read_now, name="offered-read"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customer.customer, name="customer"),
]
