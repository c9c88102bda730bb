"""Staff pages of this app, all under `/<environment>/`."""

from django.urls import path

from submissions.views import decisions, dialogs, documents, examples, listing, new, one, production_start, services

urlpatterns = [
    path("submissions/", listing.submissions, name="submissions"),
    path("submissions/new/", new.new, name="submission-new"),
    path("submissions/production/<slug:service>/", production_start.checklist, name="production-start"),
    path("submissions/production/<slug:service>/untick/", production_start.untick, name="production-start-untick"),
    path("submissions/<int:pk>/", one.submission, name="submission"),
    path("submissions/<int:pk>/files/", one.add_files, name="submission-files"),
    path("submissions/<int:pk>/files/examples/", examples.add_examples, name="submission-examples"),
    path("submissions/<int:pk>/files/<int:document>/remove/", one.remove_file, name="submission-file-remove"),
    path("submissions/<int:pk>/files/refused/hide/", one.hide_refused, name="submission-refused-hide"),
    path("submissions/<int:pk>/earlier/", one.fetch_earlier, name="submission-earlier"),
    path("submissions/<int:pk>/send/", one.send, name="submission-send"),
    path("submissions/<int:pk>/found/", decisions.answer_found, name="submission-found"),
    path("submissions/<int:pk>/settle/", decisions.settle, name="submission-settle"),
    path("submissions/hold/end/", decisions.end_hold, name="hold-end"),
    path("submissions/hold/access/<int:pk>/", decisions.release_access, name="hold-release"),
    path("submissions/<int:pk>/cancel/", one.cancel, name="submission-cancel"),
    path("submissions/<int:pk>/correct/", one.correct, name="submission-correct"),
    path("submissions/<int:pk>/try-again/", one.try_again, name="submission-try-again"),
    path("submissions/<int:pk>/evidence/", documents.evidence_package, name="submission-evidence"),
    path("services/", services.services, name="services"),
    path("services/<slug:service>/", services.service, name="service"),
    path("services/<slug:service>/turn/", services.turn, name="service-turn"),
    path("services/<slug:service>/schema/", services.schema, name="service-schema"),
    path("dialogs/", dialogs.dialogs, name="dialogs"),
    path("dialogs/following/", dialogs.following, name="following"),
    path("dialogs/<int:pk>/", dialogs.dialog, name="dialog"),
    path("dialogs/<int:pk>/try-again/", dialogs.try_again, name="dialog-try-again"),
    path("documents/<int:pk>/", documents.document, name="document"),
    path("documents/<int:pk>/file/", documents.document_file, name="document-file"),
]
