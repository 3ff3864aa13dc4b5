"""Every id that Slack sends back to us, declared once, and the data that travels with them."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bot.domain.beginning import Source
from bot.domain.flags import FIRST_ENVIRONMENT
from bot.domain.vocabulary import Phase, Refused, Role, Severity


class Slash(StrEnum):
    """Slash commands."""

    INCIDENT = "/incident"
    FLAG = "/flag"
    MTTR = "/mttr"


class Shortcut(StrEnum):
    """Shortcuts of Slack's lightning menu, and of a message's."""

    DECLARE = "declare.shortcut"
    DECLARE_FROM_MESSAGE = "declare.message"


class Heard(StrEnum):
    """Events we subscribe to."""

    APP_MENTION = "app_mention"
    HOME_OPENED = "app_home_opened"
    CHANNEL_UNARCHIVED = "channel_unarchive"
    GROUP_UNARCHIVED = "group_unarchive"
    MEMBER_JOINED = "member_joined_channel"
    MEMBER_LEFT = "member_left_channel"
    PIN_ADDED = "pin_added"
    PIN_REMOVED = "pin_removed"
    REACTION_ADDED = "reaction_added"
    MESSAGE = "message"
    USER_CHANGED = "user_change"


class Action(StrEnum):
    """Buttons and menus."""

    DECLARE = "home.declare"
    TAKE_LEAD = "respond.take_lead"
    POST_UPDATE = "updates.post"
    TAKE_ROLE = "roles.take"
    CHANGE_SEVERITY = "respond.change_severity"
    NEXT_PHASE = "respond.next_phase"
    STEP_DONE = "checklist.done"
    STEP_SKIP = "checklist.skip"
    STEP_UNDO = "checklist.undo"
    STEP_MORE = "checklist.more"
    STEP_MENU = "checklist.menu"
    FLAG_UNDO = "flags.undo"
    FLAG_LOOK = "flags.look"
    FLAG_KILL = "flags.kill"
    FLAG_KILL_SEVERAL = "flags.kill_several"
    FLAG_LEAVE = "flags.leave"
    FLAG_APPROVE = "flags.approve"
    FLAG_EXTEND = "flags.extend"
    FLAG_AGAIN = "flags.again"
    FLAG_ACCEPT = "flags.accept"
    TRY_AGAIN = "waiting.try_again"
    CHANGE_RUNBOOK = "runbook.change"
    FIGURES_BY_SEVERITY = "reports.by_severity"
    FIGURES_BY_SERVICE = "reports.by_service"
    FIGURES_BY_CAUSE = "reports.by_cause"
    FIGURES_METHOD = "reports.method"
    SNOOZE = "reminders.snooze"
    SNOOZE_LONGER = "reminders.snooze_longer"
    DRAFT_POSTMORTEM = "postmortem.draft"
    ITEM_DONE = "items.done"
    ITEM_REOPEN = "items.reopen"


class Form(StrEnum):
    """Modals, by their callback_id."""

    DECLARE = "declare.form"
    SKIP = "checklist.skip_form"
    GATE = "gates.form"
    OVERRIDE = "gates.override_form"
    UPDATE = "updates.form"
    ASSIGN_STEP = "checklist.assign_form"
    NOTE_ON_STEP = "checklist.note_form"
    RUNBOOK = "runbook.form"
    HELD = "held.form"


class Blank(StrEnum):
    """Inputs of the modals: the block_id; the element in it has the action_id `VALUE`."""

    TITLE = "title"
    SEVERITY = "severity"
    REASON = "reason"
    PERSON = "person"
    NOTE = "note"
    SITUATION = "situation"
    DOING = "doing"
    NEXT_UPDATE = "next_update"
    CATEGORY = "category"
    ROOT_CAUSE = "root_cause"
    FIX = "fix"
    REGRESSION_TEST = "regression_test"
    ALERT = "alert"
    ALERT_OWNER = "alert_owner"
    RUNBOOK = "runbook"
    OBJECTIVE = "objective"
    KNOWLEDGE = "knowledge"
    ACTION = "action"
    ACTION_OWNER = "action_owner"
    ACTION_DUE = "action_due"
    NO_ACTION_ITEM = "no_action_item"
    OTHER_RUNBOOK = "other_runbook"
    SERVICES = "services"
    PATHS = "paths"
    BEGAN = "began"
    PRIVATE = "private"


VALUE = "value"

STALE = Refused(
    "That is from an older Firebreak, so nothing was changed. Use the card or the checklist pinned "
    "in the incident's channel, or type `/incident help`."
)


class Travelling(BaseModel):
    """Data in a button's `value` or a modal's `private_metadata`."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class StepAct(StrEnum):
    """What the compact checklist's menu offers for one step."""

    DONE = "done"
    SKIP = "skip"
    UNDO = "undo"
    TAKE = "take"
    ASSIGN = "assign"
    NOTE = "note"


INCIDENT_MAX = 999_999_999  # as many digits as may be typed; databases take no more than ten


class IncidentAim(Travelling):
    """What a press is aimed at."""

    incident: Annotated[int, Field(ge=1, le=INCIDENT_MAX)]


class PhaseAim(IncidentAim):
    """`leaving` is the phase that the person saw."""

    leaving: Phase


class GateAim(PhaseAim):
    """`paths` are the critical paths that the form asked about, `own` the runbook's questions, in its order."""

    paths: tuple[str, ...] = ()
    own: tuple[str, ...] = ()


class SeverityAim(IncidentAim):
    severity: Severity


class RoleAim(IncidentAim):
    role: Role


class StepAim(IncidentAim):
    step: str


class StepMenuAim(StepAim):
    act: StepAct


class SnoozeAim(IncidentAim):
    """`name` is the reminder's, as bot/domain/reminders.py calls it."""

    name: str
    minutes: int


class ItemAim(IncidentAim):
    """An action item, by its number."""

    item: Annotated[int, Field(ge=1)]


class FlagAim(IncidentAim):
    flag: str
    environment: str = FIRST_ENVIRONMENT


class HeldPlace(Travelling):
    """A flag in its environment."""

    flag: str
    environment: str


class HeldAim(IncidentAim):
    """The flags that a form asks about."""

    held: tuple[HeldPlace, ...]


class HoldAim(FlagAim):
    """A flag that somebody thinks of holding, why, and for how long."""

    reason: str = ""
    minutes: int | None = None


class KillAim(HoldAim):
    """What a confirmation is bound to: the flag as it was seen, who saw it, and until when that counts."""

    by: str
    token: str
    until: int


class BulkAim(IncidentAim):
    """What the confirmation of several flags is bound to: each with a short word for its state as it was seen."""

    flags: tuple[tuple[str, str], ...]
    environment: str
    reason: str
    minutes: int | None = None
    by: str
    until: int


class Origin(Travelling):
    """Where the declare form was opened from: `response_url` is where its answer goes."""

    response_url: str | None = None
    source: Source | None = None  # the message it is declared from
    adopts: str | None = None  # the channel that is to become the incident's


class FiguresAim(Travelling):
    """Which figures the buttons below them are about."""

    window: str
    severities: tuple[Severity, ...] = ()
    service: str = ""


T = TypeVar("T", bound=Travelling)


def pack(data: Travelling) -> str:
    """As it travels. All but a flag's fits the 150 characters of an option, because ids are short."""
    return data.model_dump_json(exclude_none=True)


def unpack(kind: type[T], text: str | None) -> T:
    """What `pack` wrote; raises Refused for anything else."""
    try:
        return kind.model_validate_json(text or "")
    except ValidationError as error:
        raise Refused(STALE.text) from error
