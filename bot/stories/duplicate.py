"""Two people see the same outage: the second incident is merged into the first, un-merged, and merged again."""

from __future__ import annotations

from bot.stories.scenes import declared, found, kinds, read, types
from bot.stories.stage import Stage


async def duplicate(stage: Stage) -> None:
    """Ana declares, Bo declares the same thing, and takes his merge back once."""
    ana, bo = stage.slack.person("ana"), stage.slack.person("bo")
    first = await declared(stage, ana, "/incident P1 search returns nothing")
    second = await declared(stage, bo, "/incident P2 the search page is empty", number=2)
    answer = await types(stage, bo, "/incident merge INC-1 the same search cluster", second)
    stage.check("INC-2 is a duplicate of INC-1 now." in answer.text, "Bo is told what it is now", answer.text)
    stage.shows(await ana.sees("INC-2 is the same as this one.", first))
    stage.shows(await ana.sees("Duplicates of this one: INC-2", first))
    figures = await types(stage, ana, "/mttr", "general")
    stage.check("1 duplicate" in figures.text, "a duplicate is not counted twice", figures.text)

    answer = await types(stage, bo, "/incident unmerge the page has a fault of its own", second)
    stage.check("INC-2 is in phase stabilize now." in answer.text, "INC-2 goes on", answer.text)
    stage.check((await found(stage, 1)).absorbed == {}, "INC-1 lets it go")
    figures = await types(stage, ana, "/mttr 7d", "general")
    stage.check("duplicate" not in figures.text, "it counts by itself again", figures.text)

    await types(stage, bo, "/incident merge INC-1 it was the cluster after all", second)
    await stage.all_told()
    stage.check((await found(stage, 2)).merged_into == 1, "INC-2 is a duplicate in the end")
    stage.check(list((await found(stage, 1)).absorbed) == [2], "INC-1 knows its duplicate")
    both = [kind for kind in await kinds(stage, 2) if "merged" in kind]
    expected = ["incident_merged", "incident_unmerged", "incident_merged"]
    stage.check(both == expected, "each turn is in the timeline", both)
    stage.check("duplicate" in second.topic["value"].lower(), "the topic says so", second.topic["value"])
    announced = read(stage, "incidents", ana)
    stage.check(announced.count("the search page is empty") == 1, "one announcement an incident", announced)
