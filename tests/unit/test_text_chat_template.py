import json
from pathlib import Path

import pytest

from service.text.chat_template import ChatTemplate, ChatTurn, read_chat_template
from tests.unit.small_tokenizers import MISTRAL_TEMPLATE

TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}
SYSTEM = ChatTurn("system", "Be brief.")
USER = ChatTurn("user", "Hello")
ROLES = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"


def test_a_template_with_a_system_role_gets_the_system_turn() -> None:
    assert ChatTemplate(ROLES, {}).render([SYSTEM, USER]) == "system: Be brief.\nuser: Hello\n"


def test_a_template_that_refuses_the_system_role_gets_its_text_in_the_first_user_turn() -> None:
    turns = [SYSTEM, USER, ChatTurn("assistant", "Hi"), ChatTurn("user", "Bye")]
    text = ChatTemplate(MISTRAL_TEMPLATE, TOKENS).render(turns)
    assert text == "<s>[INST] Be brief.\n\nHello [/INST]Hi</s>[INST] Bye [/INST]"


def test_a_template_that_drops_the_system_turn_gets_its_text_in_the_first_user_turn() -> None:
    source = "{% for m in messages if m['role'] != 'system' %}{{ m['content'] }}{% endfor %}"
    assert ChatTemplate(source, {}).render([SYSTEM, USER]) == "Be brief.\n\nHello"


def test_blocks_are_trimmed_as_transformers_trims_them() -> None:
    source = "  {% for m in messages %}\n    {{ m['content'] }}\n  {% endfor %}\nend"
    assert ChatTemplate(source, {}).render([USER]) == "    Hello\nend"


def test_templates_may_break_loops_mark_generation_write_json_and_ask_the_date() -> None:
    source = (
        "{% for m in messages %}{% generation %}{{ m['content'] | tojson }}{% endgeneration %}{% break %}"
        "{% endfor %}{{ strftime_now('%Y') | length }}"
    )
    turns = [ChatTurn("user", "<é>"), ChatTurn("assistant", "a"), ChatTurn("user", "b")]
    assert ChatTemplate(source, {}).render(turns) == '"<é>"4'


@pytest.mark.parametrize(
    "source", ["{% for %}", "{{ raise_exception('never') }}", "{{ ''.__class__.__mro__ }}"]
)
def test_a_template_that_cannot_render_is_refused_when_loading(source: str) -> None:
    with pytest.raises(ValueError, match="cannot render"):
        ChatTemplate(source, {})


def test_what_users_write_is_never_taken_for_a_template() -> None:
    turn = ChatTurn("user", "{{ bos_token }}{% for x in y %}")
    assert ChatTemplate(ROLES, TOKENS).render([turn]) == "user: {{ bos_token }}{% for x in y %}\n"


def test_the_template_file_comes_before_the_configured_one(tmp_path: Path) -> None:
    assert read_chat_template(tmp_path, {"chat_template": "configured"}) == "configured"
    (tmp_path / "chat_template.jinja").write_text("file")
    assert read_chat_template(tmp_path, {"chat_template": "configured"}) == "file"


def test_of_named_templates_the_default_is_taken(tmp_path: Path) -> None:
    named = [{"name": "tools", "template": "a"}, {"name": "default", "template": "b"}]
    assert read_chat_template(tmp_path, json.loads(json.dumps({"chat_template": named}))) == "b"


def test_a_model_may_have_no_template(tmp_path: Path) -> None:
    assert read_chat_template(tmp_path, {}) is None
