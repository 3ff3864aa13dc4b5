"""Slack's mrkdwn as HTML. Never raises, and lets nothing through that was not escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from bot.sandbox.page.emoji import character
from bot.sandbox.page.reader import Reader

FENCE = "```"
TAGS = {"*": "strong", "_": "em", "~": "s"}
# One pass from left to right; what none of these matches is plain text.
TOKEN = re.compile(
    r"<(?P<angle>[^<>\n]+)>"
    r"|`(?P<code>[^`\n]+)`"
    r"|:(?P<emoji>[a-z0-9_+\-]{1,60}):(?::skin-tone-[2-6]:)?"
    r"|(?P<url>https?://[^\s<>|`\"]+)"
    r"|(?P<style>[*_~])"
)
QUOTE = re.compile(r"(?:&gt;|>) ?")
QUOTE_REST = re.compile(r"(?:&gt;|>){3} ?")
LIST_ITEM = re.compile(r"(?P<indent>[ \t]*)(?P<mark>[•◦▪‣·-]|\d{1,3}[.)])[ \t]+(?P<text>\S.*)")
SAFE_URL = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f\x7f<>\"]+", re.IGNORECASE)
TRAILING = ".,;:!?'\")]}"  # punctuation after a bare address belongs to the sentence
# chat.getPermalink's answers: shapes.permalink
PERMALINK = re.compile(
    r"/archives/(?P<channel>\w+)/p(?P<seconds>\d{10})(?P<micros>\d{6})(?:\?thread_ts=(?P<thread>[\d.]+)&cid=\w+)?"
)
BROADCASTS = ("here", "channel", "everyone")


def mrkdwn(text: str, reader: Reader) -> Markup:
    """The HTML of a mrkdwn text as `reader` sees it."""
    parts = text.replace("\r\n", "\n").replace("\r", "\n").split(FENCE)
    if len(parts) % 2 == 0:  # the last fence is never closed: it is only three backquotes
        parts[-2:] = [FENCE.join(parts[-2:])]
    html: list[Markup] = []
    for index, part in enumerate(parts):
        if index % 2:
            html.append(Markup("<pre><code>{}</code></pre>").format(_verbatim(part.strip("\n"))))
            continue
        prose = part.removeprefix("\n") if index else part
        if index < len(parts) - 1:
            prose = prose.removesuffix("\n")
        if prose:
            html.append(_prose(prose.split("\n"), reader))
    return Markup("").join(html)


def plain(text: str, *, emoji: bool = True) -> Markup:
    """The HTML of a plain_text: line breaks and, unless switched off, emoji."""
    pieces: list[Markup] = []
    position = 0
    for match in TOKEN.finditer(text) if emoji else ():
        name = match["emoji"]
        if name and character(name):
            pieces += [escape(text[position : match.start()]), emoji_html(name)]
            position = match.end()
    pieces.append(escape(text[position:]))
    return Markup(Markup("").join(pieces).replace("\n", Markup("<br>")))


def emoji_html(name: str) -> Markup:
    """One emoji, with its name for those who do not see it; the shortcode when we do not have it."""
    found = character(name)
    if found is None:
        return Markup("<span class='emoji-unknown'>:{}:</span>").format(name)
    spoken = name.replace("_", " ")
    return Markup('<span class="emoji" role="img" aria-label="{}" title=":{}:">{}</span>').format(
        spoken, name, found
    )


def link(url: str, label: str | Markup) -> Markup | None:
    """A link that leaves the page, or None when the address is not one that we open."""
    if not SAFE_URL.fullmatch(url):
        return None
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer nofollow">{}</a>').format(url, label)


def address(url: str, label: str | Markup, reader: Reader) -> Markup | None:
    """A link as `reader` follows it: into the page when it is the address of one of our messages."""
    here = (
        PERMALINK.fullmatch(url.removeprefix(reader.workspace.base_url)) if url.startswith("http") else None
    )
    if here is None or not reader.workspace.base_url or not url.startswith(reader.workspace.base_url):
        return link(url, label)
    href = reader.url(
        channel=here["channel"], at=f"{here['seconds']}.{here['micros']}", thread=here["thread"]
    )
    return Markup('<a href="{}" data-go>{}</a>').format(href, label)


def mention(kind: str, label: str, *, me: bool = False) -> Markup:
    """Somebody's or something's name, set apart."""
    return Markup('<span class="mention mention-{}{}">{}</span>').format(kind, " is-me" if me else "", label)


def entity(content: str, reader: Reader) -> Markup | None:
    """What stands between `<` and `>`: a mention, a date or a link. None when it is none of these."""
    target, _, label = content.partition("|")
    target, label = unescape(target), unescape(label)
    if target.startswith("@"):
        return user_mention(target[1:], label, reader)
    if target.startswith("#"):
        return channel_mention(target[1:], label, reader)
    if target.startswith("!"):
        return _special(target[1:], label, reader)
    return address(target, label or target, reader)


def user_mention(user_id: str, label: str, reader: Reader) -> Markup:
    """`<@U…>`."""
    name = reader.user(user_id) or label.removeprefix("@") or user_id
    return mention("user", f"@{name}", me=user_id == reader.person.id)


def channel_mention(channel_id: str, label: str, reader: Reader) -> Markup:
    """`<#C…|name>`: a link into the page, or only a name when this person may not look in."""
    channel = reader.channel(channel_id)
    if channel is not None:
        href = reader.url(channel=channel.id)
        return Markup('<a class="mention mention-channel" href="{}" data-go>#{}</a>').format(
            href, channel.name
        )
    hidden = channel_id in reader.workspace.channels
    return mention("channel", "🔒 private channel" if hidden else f"#{label or channel_id}")


def group_mention(group_id: str, label: str, reader: Reader) -> Markup:
    """`<!subteam^S…>`."""
    return mention("group", f"@{reader.group(group_id) or label.removeprefix('@') or group_id}")


def date_html(seconds: str | float, pattern: str, url: str, fallback: str, reader: Reader) -> Markup:
    """`<!date^…>`: the moment on the reader's clock, or the fallback."""
    try:
        moment = float(seconds)
    except ValueError:
        return escape(fallback)
    text, local = reader.date(moment, pattern), reader.local(moment)
    if text is None or local is None:
        return escape(fallback)
    html = Markup('<time datetime="{}">{}</time>').format(local.isoformat(), text)
    return (link(url, html) if url else None) or html


def unescape(text: str) -> str:
    """Slack's three control characters as they were typed."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _special(content: str, label: str, reader: Reader) -> Markup | None:
    name, _, rest = content.partition("^")
    if name in BROADCASTS:
        return mention("broadcast", f"@{name}")
    if name == "subteam":
        return group_mention(rest, label, reader)
    if name == "date":
        seconds, pattern, url = [*rest.split("^", 2), "", ""][:3]
        return date_html(seconds, pattern, url, label or content, reader)
    return escape(label) if label else None


def _verbatim(text: str) -> Markup:
    """Code: nothing is formatted, and of links only their text is left."""

    def bare(match: re.Match[str]) -> str:
        target, _, label = match[1].partition("|")
        return label or target if SAFE_URL.fullmatch(unescape(target)) else match[0]

    return escape(unescape(re.sub(r"<([^<>\n]+)>", bare, text)))


def _prose(lines: list[str], reader: Reader) -> Markup:
    """Lines outside code: runs of quoted lines become quotes, the rest is lines."""
    html: list[Markup] = []
    run: list[str] = []
    run_is_quote = False

    def close_run() -> None:
        if run:
            body = _lines(run, reader)
            html.append(Markup("<blockquote>{}</blockquote>").format(body) if run_is_quote else body)
            run.clear()

    for index, line in enumerate(lines):
        if QUOTE_REST.match(line):
            close_run()
            rest = [QUOTE_REST.sub("", line, count=1), *lines[index + 1 :]]
            html.append(Markup("<blockquote>{}</blockquote>").format(_lines(rest, reader)))
            return Markup("").join(html)
        is_quote = QUOTE.match(line) is not None
        if is_quote != run_is_quote:
            close_run()
            run_is_quote = is_quote
        run.append(QUOTE.sub("", line, count=1) if is_quote else line)
    close_run()
    return Markup("").join(html)


def _lines(lines: Iterable[str], reader: Reader) -> Markup:
    """Lines with breaks between them; a line that looks like a list item hangs below its mark."""
    html: list[Markup] = []
    after_text = False
    for line in lines:
        item = LIST_ITEM.fullmatch(line)
        if item:
            depth = min(len(item["indent"].expandtabs(4)) // 2, 4)
            html.append(
                Markup('<span class="li li-{}"><span class="li-mark">{}</span><span>{}</span></span>').format(
                    depth, item["mark"], inline(item["text"], reader)
                )
            )
        else:
            html.append(Markup("<br>") if after_text else Markup(""))
            html.append(inline(line, reader))
        after_text = not item
    return Markup("").join(html)


def inline(line: str, reader: Reader, *, styles: bool = True) -> Markup:
    """One line: styles, code, emoji, addresses and what stands in angle brackets."""
    html: list[str | Markup] = []
    open_at: dict[str, int] = {}  # style character -> where in `html` it was opened
    position = 0
    for match in TOKEN.finditer(line):
        html.append(escape(unescape(line[position : match.start()])))
        position = match.end()
        mark = match["style"]
        if mark is None or not styles:
            html.append(_token(match, reader))
        elif mark in open_at and _closes(line, match.start()):
            start = open_at[mark]
            open_at = {other: at for other, at in open_at.items() if at < start}
            html[start] = Markup("<{}>").format(TAGS[mark])
            html.append(Markup("</{}>").format(TAGS[mark]))
        elif mark not in open_at and _opens(line, match.start()):
            open_at[mark] = len(html)
            html.append(escape(mark))
        else:
            html.append(escape(mark))
    html.append(escape(unescape(line[position:])))
    return Markup("").join(html)


def _token(match: re.Match[str], reader: Reader) -> Markup:
    if match["angle"]:
        return entity(match["angle"], reader) or escape(unescape(match[0]))
    if match["code"]:
        return Markup("<code>{}</code>").format(_verbatim(match["code"]))
    if match["emoji"]:
        return emoji_html(match["emoji"]) if character(match["emoji"]) else escape(match[0])
    if match["url"]:
        url = unescape(match["url"])
        bare = url.rstrip(TRAILING)
        linked = address(bare, bare, reader)
        return linked + url[len(bare) :] if linked else escape(url)
    return escape(match[0])


def _opens(line: str, at: int) -> bool:
    before = line[at - 1] if at else " "
    after = line[at + 1 : at + 2]
    return not before.isalnum() and before != line[at] and after not in ("", " ", "\t", line[at])


def _closes(line: str, at: int) -> bool:
    before = line[at - 1]
    after = line[at + 1 : at + 2]
    return not before.isspace() and before != line[at] and not after.isalnum()
