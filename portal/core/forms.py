"""Form fields and forms that several apps use: lists as lines, picks, many files, and a word to type before an act."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from portal.core.masking import names_person
from portal.core.stale import EditedMeanwhile, version_of
from portal.gateways.text import cleaned

PRODUCTION_WORD = "PRODUKSJON"


class CleanText(forms.BaseForm):
    """What every form of ours inherits: all text is cleaned before a field reads it, and no text may hold a national identity
    number, unless the field says so (`MayNamePersons`). Passwords and keys stay as they were typed.
    """

    def __init__(self, data: Any = None, *args: Any, **options: Any) -> None:
        super().__init__(_cleaned(data), *args, **options)
        for field in self.fields.values():
            if isinstance(field, forms.CharField) and not isinstance(field, MayNamePersons) and _is_written(field):
                field.validators = [*field.validators, refuse_persons]


class MayNamePersons(forms.CharField):
    """A text in which numbers of persons are expected: what reads the form hides or encrypts them."""


def refuse_persons(value: Any) -> None:
    """Validator: names and remarks are stored in clear, and shown, searched and exported."""
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    if names_person(text):
        raise forms.ValidationError(_("Ta bort fødselsnummeret. Det kan ikke stå her."), code="person")


def _is_written(field: forms.CharField) -> bool:
    return not isinstance(field.widget, forms.PasswordInput | forms.HiddenInput)


def _cleaned(data: Any) -> Any:
    if not isinstance(data, QueryDict):
        return {name: _text(name, value) for name, value in data.items()} if data else data
    copy = data.copy()
    for name, values in data.lists():
        copy.setlist(name, [_text(name, value) for value in values])
    return copy


def _text(name: str, value: Any) -> Any:
    return cleaned(value) if isinstance(value, str) and "password" not in name else value


class LinesField(forms.CharField):
    """A list with one value on each line. Blank lines and surrounding blanks are ignored."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}))
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.to_python(data))


class PickOrType(forms.CheckboxSelectMultiple):
    """Checkboxes for known values and a text area for others."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return "\n".join(data.getlist(name) if hasattr(data, "getlist") else data.get(name, []))

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen, known = list(value or []), {code for code, _label in self.choices}
        self.choices = sorted(self.choices, key=lambda choice: choice[0] not in chosen)  # chosen values first
        boxes = super().render(name, [code for code in chosen if code in known], attrs, renderer)
        others = "\n".join(code for code in chosen if code not in known)
        ident = f"id_{name}_others"
        lines = forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "class": "ds-input"})
        typed = lines.render(name, others, {"id": ident}, renderer)
        label = _("Andre, én på hver linje")
        return format_html(
            '<div class="picks">{}</div><label class="ds-label" for="{}">{}</label>{}', boxes, ident, label, typed
        )


class PickField(LinesField):
    """A list: known values are ticked, others are typed. Choices are (value, name)."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=PickOrType, **options)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, list) else self.to_python(value)

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(super().to_python(value)))

    def set_choices(self, choices: list[tuple[str, str]]) -> None:
        self.widget.choices = [(value, f"{name} ({short_name(value)})") for value, name in choices]


def short_name(value: str) -> str:
    return value.removeprefix("urn:altinn:accesspackage:")


class FilesInput(forms.FileInput):
    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Any]:
        uploads: list[Any] = files.getlist(name) if hasattr(files, "getlist") else []
        return uploads


class FilesField(forms.FileField):
    """Many files at once. Empty files are accepted here: the check reports what is wrong with each."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=FilesInput(attrs={"multiple": True}), allow_empty_file=True, **options)

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        files: list[Any] = data or []
        if self.required and not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class VersionedForm(CleanText, forms.ModelForm):
    """A form of a stored row that knows which version of the row it shows, so that a service can refuse a late save."""

    version = forms.CharField(required=False, widget=forms.HiddenInput)
    columns: ClassVar[tuple[str, ...]] = ()
    """Those that the form writes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk:
            self.initial["version"] = version_of(self.instance, self.columns)

    @property
    def seen(self) -> str | None:
        """The version of the row when the form was opened; None for a new row, and for a page of an older release."""
        return self.cleaned_data["version"] or None

    def show_edited(self, error: EditedMeanwhile) -> None:
        """Say at each field what is stored now. Saving once more overwrites it, knowingly."""
        for name, value in error.values.items():
            shown = _shown(value, self.fields.get(name))
            text = _("En annen har lagret dette mens skjemaet var åpent: %(value)s") % {"value": shown}
            self.add_error(name if name in self.fields else None, text)
        self.add_error(None, _("Se over feltene under. Lagrer du en gang til, gjelder det som står i skjemaet."))
        sent: Any = self.data
        data = sent.copy()
        data[self.add_prefix("version")] = error.version
        self.data = data


def _shown(value: Any, field: forms.Field | None) -> str:
    """A choice as the form calls it."""
    if isinstance(value, bool):
        return str(_("Ja") if value else _("Nei"))
    is_listed = isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
    names: dict[Any, Any] = dict(field.choices) if is_listed else {}  # type: ignore[union-attr]
    parts = value if isinstance(value, list) else [] if value is None else [value]
    return ", ".join(str(names.get(part, part)) for part in parts) or "–"


class ConfirmForm(CleanText, forms.Form):
    """Requires typing `word` before a destructive action; no field when `word` is ""."""

    typed = forms.CharField(required=False)

    def __init__(self, *args: Any, word: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.word = word
        self.fields["typed"].label = _("Skriv %(word)s for å bekrefte") % {"word": word}
        if not word:
            del self.fields["typed"]

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"].strip()
        if typed != self.word:
            raise forms.ValidationError(_("Skriv %(id)s, nøyaktig slik.") % {"id": self.word})
        return typed
