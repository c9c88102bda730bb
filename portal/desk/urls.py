"""Staff pages that show several apps, all under `/<environment>/`."""

from django.urls import path

from portal.desk import clients, customer, customers, offered, views
from portal.desk.guide import views as guide

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("connection/", views.connection, name="connection"),
    path("offered/", offered.offered_list, name="offered"),
    path("offered/read/", offered.read_now, name="offered-read"),
    path("access/<int:pk>/clients/", clients.clients, name="clients"),
    path("access/<int:pk>/clients/refresh/", clients.refresh, name="clients-refresh"),
    path("access/<int:pk>/clients/take-in/", clients.take_in, name="clients-take-in"),
    path("access/<int:pk>/clients/export/", clients.download, name="clients-export"),
    path("connection/guide/", guide.guide, name="guide"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customer.customer, name="customer"),
]
