"""The exit questions of a phase as a form."""

from __future__ import annotations

from bot.domain.incident import Incident
from bot.domain.language import Translate
from bot.domain.naming import phase_word
from bot.domain.questions import Answer, Proof, unanswered
from bot.domain.story_gates import question_words
from bot.domain.vocabulary import ANSWER_MAX, REASON_MAX, Phase
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Face
from bot.slack.ids import VALUE, Blank, Form, GateAim, PhaseAim, pack
from bot.slack.leftovers import action_lines
from bot.slack.modals import View, field, form, text_input
from bot.slack.text import code, quoted

LEFT_MOST = 15  # lines of what is open; whoever overrides more has seen the checklist
LEFT_SHOWN = 150  # characters of each, so that all of them fit a section


def path_blank(number: int) -> str:
    """The block of the `number`-th critical path."""
    return f"path-{number}"


def own_blank(number: int) -> str:
    """The block of the `number`-th question of the runbook."""
    return f"own-{number}"


def asked_paths(face: Face, incident: Incident) -> tuple[str, ...]:
    """The affected paths; all there are, where nobody said which."""
    return incident.paths or face.critical_paths


def gate_form(face: Face, incident: Incident) -> View:
    """What must be true before the phase ends; what was answered before is filled in."""
    t, phase = face.t, incident.phase
    paths = asked_paths(face, incident) if phase is Phase.STABILIZE else ()
    own = tuple(question.text for question in incident.questions.get(phase, ()))
    aim = GateAim(incident=incident.number, leaving=phase, paths=paths, own=own)
    match phase:
        case Phase.STABILIZE:
            drawn = _stabilize(face, incident)
        case Phase.REPAIR:
            drawn = _repair(face, incident)
        case _:
            drawn = _prevent(face, incident)
    hint = t(
        "Not to be answered now? The lead may go on with {command}; the incident then says “left unverified”.",
        command=code(t("/incident override <reason>")),
    )
    closing = phase.next is Phase.CLOSED
    return form(
        Form.GATE,
        pack(aim),
        title=t("End of {phase}", phase=phase_word(phase, t)),
        submit=t("Close incident") if closing else t("Next phase"),
        close=t("Not yet"),
        drawn=[*_still_held(face, incident), *drawn, *_own(incident), blocks.context(hint)],
    )


def _own(incident: Incident) -> list[Block]:
    """What the runbook asks besides."""
    before = {answer.about: answer.text for answer in incident.answers.get(incident.phase, ())}
    return [
        field(
            own_blank(number),
            question.text,
            text_input(
                placeholder=question.text,
                most=ANSWER_MAX,
                multiline=True,
                initial=before.get(question.text, ""),
                focus=False,
            ),
            optional=not question.required,
        )
        for number, question in enumerate(incident.questions.get(incident.phase, ()))
    ]


def _stabilize(face: Face, incident: Incident) -> list[Block]:
    t = face.t
    question = t(
        "*Which critical paths work again, and how do you know?* "
        "One line for each that was affected; leave the others empty."
    )
    if incident.paths:
        question = t("*How do you know that each of these works again?* One line for each affected path.")
    said = {answer.about: answer.text for answer in incident.answers.get(Phase.STABILIZE, ())}
    drawn = [blocks.section(question)]
    for number, path in enumerate(asked_paths(face, incident)):
        element = text_input(
            placeholder=face.proof(path) or proof_example(path, t),
            most=ANSWER_MAX,
            initial=said.get(path, ""),
            focus=number == 0,
        )
        drawn.append(field(path_blank(number), path, element, optional=not incident.paths))
    return drawn


def proof_example(path: str, t: Translate) -> str:
    """How one knows that this path works, for those that everybody has; else what such a line says."""
    known = {
        "signup": t("ten new accounts were made and confirmed since 03:40"),
        "search": t("the ten most frequent searches find what they should"),
        "cart": t("five carts kept what was put into them, through a login too"),
        "payment": t("twenty test orders went through since 03:40"),
    }
    found = next((known[name] for name in known if path.casefold() in (name, t(name).casefold())), None)
    return found or t("what was tried, how often, and since when it works")


def override_form(face: Face, incident: Incident, reason: str) -> View:
    """What is left open when the lead goes on all the same, and why. It is bound to the phase that it tells of."""
    t, phase = face.t, incident.phase
    left = [each.step.text for each in incident.blocking()]
    left += [question_words(each, t) for each in unanswered(phase, (), incident.action_items)]
    shown = [f"• {quoted(each, LEFT_SHOWN)}" for each in left[:LEFT_MOST]]
    if len(left) > LEFT_MOST:
        shown.append(t("and {count} more", count=len(left) - LEFT_MOST))
    headline = t(
        "*Still open in phase {phase}*; it stays visible that nobody proved it:", phase=phase_word(phase, t)
    )
    why = text_input(placeholder=t("support cannot wait"), most=REASON_MAX, initial=reason[:REASON_MAX])
    return form(
        Form.OVERRIDE,
        pack(PhaseAim(incident=incident.number, leaving=phase)),
        title=t("Leave unverified"),
        submit=t("Go on"),
        close=t("Not yet"),
        drawn=[
            blocks.section("\n".join([headline, *shown])),
            field(Blank.REASON, t("Why do we go on without proof?"), why),
        ],
    )


def _repair(face: Face, incident: Incident) -> list[Block]:
    t = face.t
    cause = _before(incident, Proof.ROOT_CAUSE)
    category = blocks.menu(
        VALUE, [blocks.option(each, each) for each in face.root_causes], placeholder=t("Choose the nearest")
    )
    chosen = [each for each in category["options"] if cause is not None and each["value"] == cause.about]
    if chosen:
        category["initial_option"] = chosen[0]
    return [
        field(Blank.CATEGORY, t("What kind of cause was it?"), category),
        _asked(
            incident,
            Blank.ROOT_CAUSE,
            Proof.ROOT_CAUSE,
            t("The root cause"),
            t("the gateway retries without a key"),
        ),
        _asked(incident, Blank.FIX, Proof.FIX, t("The fix"), t("release 3.14 sends an idempotency key")),
        _asked(
            incident,
            Blank.REGRESSION_TEST,
            Proof.REGRESSION_TEST,
            t("The regression test that will catch it"),
            t("test_a_retried_payment_is_charged_once"),
        ),
    ]


def _prevent(face: Face, incident: Incident) -> list[Block]:
    t = face.t
    alert = _before(incident, Proof.ALERT)
    owner: Block = {"type": "users_select", "action_id": VALUE}
    if alert is not None:
        owner["initial_user"] = alert.about
    return [
        _asked(
            incident,
            Blank.ALERT,
            Proof.ALERT,
            t("The alert that will tell us first"),
            t("double charges > 0 for 5 min"),
        ),
        field(Blank.ALERT_OWNER, t("Who owns the alert?"), owner),
        _asked(
            incident,
            Blank.RUNBOOK,
            Proof.RUNBOOK,
            t("The runbook that was written or updated"),
            t("payment-failures, step 3"),
        ),
        _asked(
            incident,
            Blank.OBJECTIVE,
            Proof.OBJECTIVE,
            t("What does “working” mean, and how is it measured?"),
            t("99.9 % of payments end within 10 s, measured at checkout"),
        ),
        _asked(
            incident,
            Blank.KNOWLEDGE,
            Proof.KNOWLEDGE,
            t("Who knows about it now?"),
            t("shown to support on Friday"),
        ),
        *_action_items(face, incident),
    ]


def _action_items(face: Face, incident: Incident) -> list[Block]:
    t = face.t
    if incident.action_items:
        return [blocks.context(t("*Action items:*"), *action_lines(incident, face))]
    nothing = text_input(placeholder=t("everything was done today"), most=ANSWER_MAX, focus=False)
    return [
        blocks.section(t("*At least one action item, or why none is needed*")),
        field(
            Blank.ACTION,
            t("Action item"),
            text_input(placeholder=t("alert on retries without a key"), most=REASON_MAX, focus=False),
            optional=True,
        ),
        field(
            Blank.ACTION_OWNER, t("Its owner"), {"type": "users_select", "action_id": VALUE}, optional=True
        ),
        field(Blank.ACTION_DUE, t("Due on"), {"type": "datepicker", "action_id": VALUE}, optional=True),
        field(Blank.NO_ACTION_ITEM, t("None needed, because"), nothing, optional=True),
    ]


def _asked(incident: Incident, blank: Blank, question: Proof, label: str, placeholder: str) -> Block:
    before = _before(incident, question)
    element = text_input(
        placeholder=placeholder,
        most=ANSWER_MAX,
        multiline=True,
        initial=before.text if before else "",
        focus=False,
    )
    return field(blank, label, element)


def _before(incident: Incident, question: Proof) -> Answer | None:
    """What was answered when the phase was left before."""
    answers = incident.answers.get(incident.phase, ())
    return next((answer for answer in answers if answer.question is question), None)


def _still_held(face: Face, incident: Incident) -> list[Block]:
    if incident.phase.next is not Phase.CLOSED or not incident.containments:
        return []
    return [
        blocks.section(
            face.t.n(
                "{count} flag is still held at its safe value and stays so until somebody undoes it.",
                "{count} flags are still held at their safe values and stay so until somebody undoes them.",
                len(incident.containments),
            )
        )
    ]
