"""Staff pages that show several apps, all under `/<environment>/`."""

from django.urls import path

from portal.desk import clients, customer, customer_life, customers, offered, saved_views, search, views
from portal.desk.guide import views as guide
from portal.desk.kept import views as kept
from portal.desk.notifications import views as notifications
from portal.desk.operation import views as operation
from portal.desk.oversight import views as oversight

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("account/", notifications.account, name="account"),
    path("account/try-again/", notifications.try_again, name="account-try-again"),
    path("search/", search.search, name="search"),
    path("connection/", views.connection, name="connection"),
    path("operation/", operation.operation, name="operation"),
    path("operation/release/<str:kind>/<int:pk>/", operation.release, name="operation-release"),
    path("offered/", offered.offered_list, name="offered"),
    path("offered/read/", offered.read_now, name="offered-read"),
    path("access/<int:pk>/clients/", clients.clients, name="clients"),
    path("access/<int:pk>/clients/refresh/", clients.refresh, name="clients-refresh"),
    path("access/<int:pk>/clients/take-in/", clients.take_in, name="clients-take-in"),
    path("access/<int:pk>/clients/export/", clients.download, name="clients-export"),
    path("connection/guide/", guide.guide, name="guide"),
    path("views/save/", saved_views.save, name="view-save"),
    path("views/row-height/", saved_views.row_height, name="row-height"),
    path("views/<int:pk>/delete/", saved_views.delete, name="view-delete"),
    path("customers/", customers.customers, name="customers"),
    path("customers/<int:pk>/", customer.customer, name="customer"),
    path("customers/<int:pk>/notes/", customer_life.add_note, name="customer-note"),
    path("customers/<int:pk>/notes/<int:note>/delete/", customer_life.delete_note, name="customer-note-delete"),
    path("customers/<int:pk>/notes/restore/", customer_life.restore_note, name="customer-note-restore"),
    path("customers/<int:pk>/tags/", customer_life.add_tag, name="customer-tag"),
    path("customers/<int:pk>/tags/<int:tag>/remove/", customer_life.remove_tag, name="customer-tag-remove"),
    path("customers/<int:pk>/assign/", customer_life.assign, name="customer-assign"),
    path("customers/<int:pk>/end/", customer_life.end, name="customer-end"),
    path("customers/<int:pk>/reactivate/", customer_life.reactivate, name="customer-reactivate"),
    path("customers/<int:pk>/held/", kept.held_about, name="held"),
    path("customers/<int:pk>/held/export/", kept.held_export, name="held-export"),
    path("customers/<int:pk>/held/erase/", kept.erase, name="held-erase"),
    path("kept/", kept.kept, name="kept"),
    path("oversight/who/", oversight.who_acted, name="who-acted"),
    path("kept/<int:pk>/postpone/", kept.postpone, name="kept-postpone"),
    path("customers/<int:pk>/farewell/", customer_life.letter, name="customer-letter"),
    path("customers/<int:pk>/farewell/mail/", customer_life.mail_letter, name="customer-letter-mail"),
]
