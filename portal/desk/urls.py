"""Staff pages that show several apps, all under `/<environment>/`."""

from django.urls import path

from portal.desk import clients, customer, customer_life, customers, offered, saved_views, search, views
from portal.desk.guide import views as guide
from portal.desk.kept import views as kept
from portal.desk.notifications import views as notifications
from portal.desk.operation import views as operation
from portal.desk.oversight import alarms, control, review
from portal.desk.oversight import views as oversight
from portal.desk.people import acts, profile
from portal.desk.people import views as people
from portal.desk.second import views as second

urlpatterns = [
    path("", views.dashboard, name="dashboard"),
    path("account/", notifications.account, name="account"),
    path("account/try-again/", notifications.try_again, name="account-try-again"),
    path("account/profile/", profile.profile, name="profile"),
    path("account/profile/password/", profile.password, name="own-password"),
    path("account/profile/log-ins/<int:pk>/end/", profile.session_end, name="own-log-in-end"),
    path("account/profile/log-ins/end/", profile.sessions_end, name="own-log-ins-end"),
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="person-invite"),
    path("people/portfolios/new/", people.portfolio, name="portfolio-new"),
    path("people/portfolios/<int:pk>/", people.portfolio, name="portfolio"),
    path("people/<int:pk>/", people.one, name="person"),
    path("people/<int:pk>/edit/", people.edit, name="person-edit"),
    path("people/<int:pk>/rights/", people.rights, name="person-rights"),
    path("people/<int:pk>/invite-again/", acts.invite_again, name="person-invite-again"),
    path("people/<int:pk>/invite-withdrawn/", acts.invite_withdrawn, name="person-invite-withdrawn"),
    path("people/<int:pk>/reset/", acts.reset, name="person-reset"),
    path("people/<int:pk>/log-ins/end/", acts.sessions_end, name="person-log-ins-end"),
    path("people/<int:pk>/substitute/", acts.substitute, name="person-substitute"),
    path("people/<int:pk>/substitute/<int:substitution>/end/", acts.substitute_ended, name="person-substitute-end"),
    path("people/<int:pk>/leave/", acts.leave, name="person-leave"),
    path("people/<int:pk>/come-back/", acts.come_back, name="person-come-back"),
    path("proposals/", second.waiting, name="proposals"),
    path("proposals/<int:pk>/", second.one, name="proposal"),
    path("proposals/<int:pk>/refuse/", second.refuse, name="proposal-refuse"),
    path("proposals/<int:pk>/withdraw/", second.withdraw, name="proposal-withdraw"),
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
    path("oversight/review/", review.review, name="access-review"),
    path("oversight/control/", control.control, name="control-questions"),
    path("oversight/alarms/", alarms.alarms, name="alarms"),
    path("oversight/alarms/<int:pk>/seen/", alarms.seen, name="alarm-seen"),
    path("kept/<int:pk>/postpone/", kept.postpone, name="kept-postpone"),
    path("customers/<int:pk>/farewell/", customer_life.letter, name="customer-letter"),
    path("customers/<int:pk>/farewell/mail/", customer_life.mail_letter, name="customer-letter-mail"),
]
