"""Emoji shortcodes as characters: the set that incident messages use, not the whole catalogue."""

from __future__ import annotations

_TABLE = """
+1 👍|thumbsup 👍|-1 👎|thumbsdown 👎|ok_hand 👌|clap 👏|raised_hands 🙌|pray 🙏|wave 👋|muscle 💪
point_right 👉|point_left 👈|point_up 👆|point_down 👇|raising_hand 🙋|raised_hand ✋|hand ✋|eyes 👀
thinking_face 🤔|shrug 🤷|writing_hand ✍️|handshake 🤝|v ✌️|crossed_fingers 🤞|salute 🫡
saluting_face 🫡|smile 😄|slightly_smiling_face 🙂|grinning 😀|smiley 😃|joy 😂|sweat_smile 😅|wink 😉
sunglasses 😎|relieved 😌|worried 😟|cry 😢|sob 😭|scream 😱|fearful 😨|face_with_monocle 🧐
partying_face 🥳|sleeping 😴|zzz 💤|robot_face 🤖|robot 🤖|ghost 👻|skull 💀|tada 🎉|confetti_ball 🎊
sparkles ✨|star ⭐|star2 🌟|heart ❤️|green_heart 💚|broken_heart 💔|100 💯|rotating_light 🚨|fire 🔥
warning ⚠️|no_entry ⛔|no_entry_sign 🚫|octagonal_sign 🛑|stop_sign 🛑|sos 🆘|exclamation ❗
heavy_exclamation_mark ❗|grey_exclamation ❕|question ❓|grey_question ❔|bangbang ‼️
interrobang ⁉️|boom 💥|zap ⚡|siren 🚨|fire_engine 🚒|firefighter 🧑‍🚒|fire_extinguisher 🧯
ambulance 🚑|helmet_with_white_cross ⛑️|white_check_mark ✅|heavy_check_mark ✔️
ballot_box_with_check ☑️|x ❌|negative_squared_cross_mark ❎|heavy_plus_sign ➕|heavy_minus_sign ➖
white_square_button 🔳|black_square_button 🔲|white_large_square ⬜|black_large_square ⬛
white_medium_square ◻️|white_small_square ▫️|black_small_square ▪️|radio_button 🔘|red_circle 🔴
large_orange_circle 🟠|large_yellow_circle 🟡|large_green_circle 🟢|large_blue_circle 🔵|blue_circle 🔵
large_purple_circle 🟣|large_brown_circle 🟤|black_circle ⚫|white_circle ⚪|red_square 🟥
large_red_square 🟥|large_orange_square 🟧|large_yellow_square 🟨|large_green_square 🟩
large_blue_square 🟦|large_purple_square 🟪|small_red_triangle 🔺|small_red_triangle_down 🔻
small_orange_diamond 🔸|small_blue_diamond 🔹|large_blue_diamond 🔷|arrow_right ➡️|arrow_left ⬅️
arrow_up ⬆️|arrow_down ⬇️|arrow_forward ▶️|arrow_backward ◀️|fast_forward ⏩|rewind ⏪
arrow_heading_down ⤵️|arrow_heading_up ⤴️|arrows_counterclockwise 🔄|repeat 🔁|recycle ♻️
twisted_rightwards_arrows 🔀|leftwards_arrow_with_hook ↩️|arrow_right_hook ↪️
double_vertical_bar ⏸️|pause_button ⏸️|black_square_for_stop ⏹️|hourglass ⌛
hourglass_flowing_sand ⏳|stopwatch ⏱️|timer_clock ⏲️|alarm_clock ⏰|clock1 🕐|clock3 🕒|clock9 🕘
watch ⌚|calendar 📅|date 📅|spiral_calendar_pad 🗓️|bell 🔔|no_bell 🔕|loudspeaker 📢|mega 📣
speech_balloon 💬|speaking_head_in_silhouette 🗣️|thought_balloon 💭|telephone_receiver 📞|phone ☎️
pager 📟|satellite_antenna 📡|email 📧|envelope ✉️|incoming_envelope 📨|inbox_tray 📥|outbox_tray 📤
link 🔗|paperclip 📎|pushpin 📌|round_pushpin 📍|bookmark 🔖|label 🏷️|lock 🔒|unlock 🔓|key 🔑
shield 🛡️|closed_lock_with_key 🔐|mag 🔍|mag_right 🔎|wrench 🔧|hammer 🔨|hammer_and_wrench 🛠️
nut_and_bolt 🔩|gear ⚙️|toolbox 🧰|screwdriver 🪛|magnet 🧲|microscope 🔬|test_tube 🧪
adhesive_bandage 🩹|stethoscope 🩺|syringe 💉|pill 💊|construction 🚧|construction_worker 👷
building_construction 🏗️|bricks 🧱|checkered_flag 🏁|triangular_flag_on_post 🚩|waving_white_flag 🏳️
flags 🎏|bust_in_silhouette 👤|busts_in_silhouette 👥|technologist 🧑‍💻|detective 🕵️|crown 👑
military_medal 🎖️|trophy 🏆|chart_with_upwards_trend 📈|chart_with_downwards_trend 📉|bar_chart 📊
clipboard 📋|memo 📝|pencil 📝|pencil2 ✏️|page_facing_up 📄|page_with_curl 📃|scroll 📜|ledger 📒
notebook 📓|books 📚|open_book 📖|newspaper 📰|file_folder 📁|open_file_folder 📂
card_index_dividers 🗂️|file_cabinet 🗄️|package 📦|card_file_box 🗃️|wastebasket 🗑️|floppy_disk 💾
computer 💻|desktop_computer 🖥️|keyboard ⌨️|iphone 📱|battery 🔋|electric_plug 🔌|bulb 💡
flashlight 🔦|candle 🕯️|globe_with_meridians 🌐|earth_africa 🌍|earth_americas 🌎|cloud ☁️
rainbow 🌈|sunny ☀️|snowflake ❄️|droplet 💧|ocean 🌊|credit_card 💳|moneybag 💰|money_with_wings 💸
shopping_trolley 🛒|shopping_cart 🛒|ticket 🎫|receipt 🧾|bug 🐛|beetle 🪲|rocket 🚀|airplane ✈️
ship 🚢|anchor ⚓|coffee ☕|pizza 🍕|seedling 🌱|herb 🌿|deciduous_tree 🌳|compass 🧭|world_map 🗺️
information_source ℹ️|new 🆕|up 🆙|ok 🆗|free 🆓|cool 🆒|infinity ♾️|bell_with_slash 🔕|mute 🔇
sound 🔉|loud_sound 🔊|zero 0️⃣|one 1️⃣|two 2️⃣|three 3️⃣|four 4️⃣|five 5️⃣|six 6️⃣
seven 7️⃣|eight 8️⃣|nine 9️⃣|keycap_ten 🔟|hash #️⃣
"""

EMOJI: dict[str, str] = {
    name: character
    for line in _TABLE.strip().splitlines()
    for name, _, character in (entry.partition(" ") for entry in line.split("|"))
}

# What the reaction menu offers: what people answer an incident message with.
QUICK_REACTIONS = (
    *("eyes", "+1", "white_check_mark", "fire", "pray", "tada", "raised_hands", "rotating_light"),
    *("warning", "x", "question", "heart", "clap", "thinking_face", "hourglass_flowing_sand"),
    *("rocket", "bulb", "memo", "wave", "100"),
)


def character(name: str) -> str | None:
    """The character of a shortcode, skin tones left out; None when it is not in our set."""
    return EMOJI.get(name.partition("::")[0])
