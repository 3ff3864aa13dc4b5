"""The answer to `/mttr`: figures with their end points, and buttons that split them or say how they are counted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from bot.charts.studio import NotDrawn
from bot.domain.effects import SendPicture
from bot.domain.language import Translate
from bot.domain.metrics.asking import Asked
from bot.services.delivery import Hopeless
from bot.services.reports import Reports
from bot.slack import blocks
from bot.slack.blocks import Block
from bot.slack.face import Drawing
from bot.slack.ids import Action, FiguresAim, pack
from bot.slack.text import cut, escape, quoted
from bot.slack.uploads import Upload

LINES_SHOWN = 45  # a message holds 50 blocks; headline, buttons and a note take some


def figures_message(lines: Sequence[str], asked: Asked, t: Translate, *, picture: bool = False) -> Drawing:
    """Plain lines, the first one as the headline. `picture`: it is on its way in a direct message."""
    headline, *rest = [quoted(line, blocks.SECTION_MAX - 2) for line in lines]
    shown: list[Block] = [
        blocks.section(f"*{headline}*"),
        *(blocks.section(line) for line in rest[:LINES_SHOWN]),
    ]
    notes = [t("The picture comes in a direct message from me.")] if picture else []
    if len(rest) > LINES_SHOWN:
        notes.append(
            t("{count} more lines: firebreak report shows all of them.", count=len(rest) - LINES_SHOWN)
        )
    if notes:
        shown.append(blocks.context(*notes))
    return Drawing([*shown, _buttons(asked, t)], blocks.notification("\n".join([headline, *rest])))


def _buttons(asked: Asked, t: Translate) -> Block:
    value = pack(FiguresAim(window=asked.window, severities=asked.severities, service=asked.service))
    return blocks.actions(
        blocks.button(t("By severity"), Action.FIGURES_BY_SEVERITY, value),
        blocks.button(t("By service"), Action.FIGURES_BY_SERVICE, value),
        blocks.button(t("By cause"), Action.FIGURES_BY_CAUSE, value),
        blocks.button(t("How this is counted"), Action.FIGURES_METHOD, value),
    )


def pictures(reports: Reports, t: Translate) -> Callable[[SendPicture], Awaitable[Upload | None]]:
    """Where the pictures come from that were promised."""

    async def picture(wanted: SendPicture) -> Upload | None:
        try:
            made = await reports.picture(wanted)
        except NotDrawn as error:
            raise Hopeless(str(error)) from error
        if made is None:
            return None
        chart = made.chart
        comment = t("{title}, {window}", title=chart.title, window=chart.subtitle)
        return Upload(made.png, title=chart.title, alt=chart.alt, comment=escape(comment))

    return picture


def method_words(t: Translate) -> str:
    """How it is counted, in the words of docs/report.md."""
    lines = (
        t("*How this is counted*"),
        t(
            "Clock: elapsed time, nights and weekends included, from declared on. Each figure names its two ends."
        ),
        t("Who counts: incidents declared in the window, each by its worst severity."),
        t("Not counted: drills, cancelled incidents, duplicates, and what was written down after the fact."),
        t("What was repaired without being stabilized first counts as stabilized at the repair."),
        t("Open incidents count as “at least so long”; the median is then Kaplan and Meier’s."),
        t(
            "From 1 to 4 finished: the single times. From 5: a median. From 6: its 95 % interval. From 20: the p90."
        ),
        t(
            "“Changed” is said only with 20 finished incidents on both sides and an interval of the ratio that "
            "leaves out “the same”."
        ),
        t("No figure speaks of a person, and none is a promise."),
    )
    return cut("\n".join(lines), blocks.SECTION_MAX)
