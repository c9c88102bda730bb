"""Values from the environment: each kind, and the hint for each way of getting it wrong."""

import stat

import pytest

from portal.core.env import BadSetting, Env, database, encryption_keys, kept_secret, load_file

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


def test_a_missing_value_names_the_variable_and_shows_an_example():
    with pytest.raises(
        BadSetting, match=r"PORTAL_URL is not set\. For example: PORTAL_URL=https://portal\.example\.no"
    ):
        Env({}).url("PORTAL_URL", schemes=("https",), example="https://portal.example.no")


def test_an_empty_value_counts_as_missing():
    with pytest.raises(BadSetting, match="NAME is not set"):
        Env({"NAME": "  "}).text("NAME", example="Ida")


@pytest.mark.parametrize(("text", "value"), [("1", True), ("Yes", True), ("on", True), ("false", False), ("0", False)])
def test_a_switch_understands_the_usual_words(text, value):
    assert Env({"DEBUG": text}).bool("DEBUG", default=not value) is value


def test_a_switch_refuses_other_words():
    with pytest.raises(BadSetting, match="DEBUG is 'perhaps', which is neither true nor false"):
        Env({"DEBUG": "perhaps"}).bool("DEBUG", default=False)


@pytest.mark.parametrize("text", ["many", "0", "65536", "-1", "8000.5", "8_0", "--8"])
def test_a_port_outside_its_range_is_refused(text):
    with pytest.raises(BadSetting, match=r"PORT is '.+', but must be a whole number from 1 to 65535"):
        Env({"PORT": text}).integer("PORT", default=8000, minimum=1, maximum=65535)


def test_a_list_is_split_at_commas():
    assert Env({"HOSTS": "a.no, b.no,"}).list("HOSTS", example="a.no") == ["a.no", "b.no"]


def test_a_choice_outside_the_list_is_refused():
    with pytest.raises(BadSetting, match="MODE is 'test', but must be one of local, production"):
        Env({"MODE": "test"}).choice("MODE", among=("local", "production"), default="local")


def test_an_address_of_another_scheme_is_refused_without_its_password_in_the_text():
    with pytest.raises(BadSetting, match="DATABASE_URL must begin with postgresql://") as caught:
        Env({"DATABASE_URL": "mysql://me:hunter2@host/db"}).url(
            "DATABASE_URL", schemes=("postgresql",), example="postgresql://host/db"
        )

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("value", ["short", "a" * 60])
def test_a_weak_secret_is_refused_without_being_shown(value):
    with pytest.raises(BadSetting, match="SECRET_KEY is too weak") as caught:
        Env({"SECRET_KEY": value}).secret("SECRET_KEY", minimum=50, example="…", make=str)

    assert value not in str(caught.value)


def test_a_secret_without_a_place_to_keep_one_has_no_default():
    with pytest.raises(BadSetting, match="SECRET_KEY is not set, and a secret has no default"):
        Env({}).secret("SECRET_KEY", example="…", make=lambda: "made")


def test_a_kept_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path):
    first = kept_secret(tmp_path / "new" / "key", make=lambda: "first")

    assert kept_secret(tmp_path / "new" / "key", make=lambda: "second") == first == "first"
    assert stat.S_IMODE((tmp_path / "new" / "key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["key"]


def test_the_file_adds_what_the_environment_leaves_out(tmp_path):
    values = {"PORT": "9000"}
    file = tmp_path / ".env"
    file.write_text("# ports\nPORT=8000\nexport NAME='Ida Berg'\n\nEMPTY=\n")

    load_file(file, into=values)

    assert values == {"PORT": "9000", "NAME": "Ida Berg", "EMPTY": ""}


def test_the_last_of_two_lines_for_one_variable_counts(tmp_path):
    values: dict[str, str] = {}
    file = tmp_path / ".env"
    file.write_text("PORTAL_MODE=local\nPORTAL_MODE=production\n")

    load_file(file, into=values)

    assert values == {"PORTAL_MODE": "production"}


def test_a_line_of_another_shape_in_the_file_is_named(tmp_path):
    file = tmp_path / ".env"
    file.write_text("PORT=8000\nwhat is this\n")

    with pytest.raises(BadSetting, match=r"\.env line 2 is not of the form NAME=value"):
        load_file(file, into={})


@pytest.fixture
def secret(tmp_path):
    file = tmp_path / "mail_password"
    file.write_text("hunter2\n")
    return file


def test_a_value_may_be_the_content_of_a_file(secret):
    env = Env({"MAIL_PASSWORD_FILE": str(secret)})

    assert env.optional("MAIL_PASSWORD") == "hunter2"
    assert env.text("MAIL_PASSWORD", example="…") == "hunter2"
    assert env.secret("MAIL_PASSWORD", example="…", make=str) == "hunter2"


@pytest.mark.parametrize("name", ["SECRET_KEY", "ENCRYPTION_KEYS"])
def test_a_secret_in_a_file_is_held_to_the_same_rules(name, secret):
    env = Env({f"{name}_FILE": str(secret)})

    with pytest.raises(BadSetting, match=f"{name} is too weak") as caught:
        env.secret(name, minimum=44, example="…", make=str)

    assert "hunter2" not in str(caught.value)


def test_a_value_and_a_file_at_once_are_refused_without_showing_either(secret):
    env = Env({"MAIL_PASSWORD": "swordfish", "MAIL_PASSWORD_FILE": str(secret)})

    with pytest.raises(BadSetting, match="MAIL_PASSWORD_FILE is set, and so is the variable without _FILE") as caught:
        env.optional("MAIL_PASSWORD")

    assert "hunter2" not in str(caught.value)
    assert "swordfish" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(None, "cannot be read"), (b" \n", "is empty"), (b"\xff\xfe", "is no text"), (b"x" * 70_000, "is larger than 64 kB")],
)  # fmt: skip
def test_a_file_that_gives_no_value_is_named_with_what_is_wrong(content, problem, tmp_path):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(
        BadSetting, match=rf"NAME_FILE names .+/key, which {problem}.* For example: NAME_FILE=/run/secrets/name"
    ):
        Env({"NAME_FILE": str(file)}).optional("NAME")


def test_a_folder_gives_no_value(tmp_path):
    with pytest.raises(BadSetting, match="cannot be read"):
        Env({"NAME_FILE": str(tmp_path)}).optional("NAME")


def test_an_empty_name_of_a_file_counts_as_missing():
    assert Env({"NAME": "value", "NAME_FILE": " "}).optional("NAME") == "value"


def test_every_key_of_the_ring_is_checked():
    assert encryption_keys(Env({"ENCRYPTION_KEYS": f"{KEY}, {KEY}"}), kept_in=None, make=str) == [KEY, KEY]
    with pytest.raises(BadSetting, match="something else than a key of 32 bytes in base64 at place 2"):
        encryption_keys(Env({"ENCRYPTION_KEYS": f"{KEY},nonsense"}), kept_in=None, make=str)


def test_a_database_address_is_taken_apart():
    result = database("postgresql://po%40rtal:p%2Fw@db.example.no:5433/portal?sslmode=require", pool_size=4)

    assert (result["USER"], result["PASSWORD"], result["NAME"]) == ("po@rtal", "p/w", "portal")
    assert (result["HOST"], result["PORT"], result["OPTIONS"]["sslmode"]) == ("db.example.no", "5433", "require")
    assert result["OPTIONS"]["pool"]["max_size"] == 4


def test_a_database_address_may_name_the_folder_of_a_socket():
    result = database("postgresql://portal@/portal?host=%2Ftmp%2Frun", pool_size=0)

    assert (result["HOST"], result["PORT"], result["OPTIONS"]) == ("/tmp/run", "", {})
