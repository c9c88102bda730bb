"""Staff pages that show several apps, all under `/<environment>/`."""

from django.urls import path

from portal.desk import customer, customers, views

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("connection/", views.connection, name="connection"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customer.customer, name="customer"),
]
