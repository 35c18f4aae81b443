"""Ways to reach a person, places, dates and ages: generators from their published formats.

Imports nothing from `safety` or `training`. A part in double brackets is what has to go: the year of a date
and the first three digits of a ZIP code may stay (45 CFR 164.514(b)(2)(i)(B) and (C)).
"""

from __future__ import annotations

import calendar
import datetime
import ipaddress

from benchmarks.pii.formats_people import Random, digits, fill

# In use (NANPA), so that a checker of regions accepts them.
_AREA_CODES = (
    201, 202, 203, 205, 206, 207, 209, 212, 213, 214, 215, 216, 217, 219, 225, 229, 231, 239, 240, 248, 253,
    256,
    260, 267, 270, 281, 301, 303, 305, 307, 309, 312, 314, 316, 318, 320, 323, 330, 337, 347, 352, 361, 386,
    401,
    402, 404, 406, 408, 410, 412, 414, 417, 419, 425, 432, 440, 469, 479, 501, 503, 505, 507, 509, 512, 515,
    518,
    520, 541, 559, 563, 570, 573, 580, 585, 601, 603, 605, 608, 610, 612, 614, 617, 619, 623, 626, 631, 641,
    650,
    661, 678, 701, 703, 706, 713, 716, 718, 720, 727, 734, 757, 763, 770, 773, 785, 801, 803, 806, 808, 813,
    816,
    818, 828, 832, 843, 847, 850, 859, 863, 870, 901, 903, 907, 910, 913, 915, 917, 919, 925, 931, 937, 941,
    949,
    952, 956, 970, 973, 978, 985, 989,
)  # fmt: skip
_PHONES = (
    "({a}) {x}-{l}", "{a}-{x}-{l}", "{a}.{x}.{l}", "{a} {x} {l}", "{a}{x}{l}", "+1 {a} {x} {l}",
    "+1-{a}-{x}-{l}",
    "1-{a}-{x}-{l}", "1 ({a}) {x}-{l}", "({a}){x}-{l}", "{a}/{x}-{l}", "+1{a}{x}{l}", "{a}-{x}-{l} ext. {e}",
    "({a}) {x}-{l} x{e}", "{a} - {x} - {l}",
)  # fmt: skip
# Country code and national numbers of mobile or city lines (ITU-T E.164 and the countries' numbering plans).
_ABROAD = {
    "44": ("7### ######", "20 7### ####", "161 ### ####"), "33": ("6 ## ## ## ##", "1 4# ## ## ##"),
    "49": ("151 ########", "30 ########"), "34": ("6## ## ## ##",), "39": ("33# ### ####",),
    "52": ("55 #### ####",),
    "91": ("98### #####", "97### #####"), "86": ("138 #### ####",), "81": ("90 #### ####",),
    "82": ("10 #### ####",),
    "84": ("91 ### ####",), "63": ("917 ### ####",), "234": ("803 ### ####",), "254": ("722 ######",),
    "20": ("100 ### ####",), "48": ("601 ### ###",), "380": ("67 ### ####",), "55": ("11 9#### ####",),
    "61": ("412 ### ###",), "53": ("5 ### ####",),
}  # fmt: skip
_LOCALS = (
    "river", "sunny.day", "m.t.hollis", "j_ferrow", "quilting4life", "dkw", "the.bakers", "ana-lu",
    "bluejay77", "tkoslow",
    "kay.dee", "oldtimer", "pm_garrick", "nightowl", "lena.v", "gpa.joe", "zeke+clinic", "hana.o",
    "rrt1958", "mrs.tully",
)  # fmt: skip
_HOSTS = (
    "example", "fernhill", "northpost", "quickmail", "oakline", "harborside", "lakemail", "citynet",
    "post.riverton",
    "students.elmstate", "mail.tansy", "hollowtree",
)  # fmt: skip
_TLDS = ("com", "com", "org", "net", "edu", "co.uk", "info", "us", "io", "health", "ca", "de")
_PATHS = (
    "u/{l}",
    "{l}",
    "p/{n}",
    "photos/{l}/{n}",
    "blog/{n}/my-surgery",
    "profile.php?id={n}",
    "~{l}/index.html",
    "@{l}",
)
_STREETS = (
    "Alder", "Birchwood", "Cottonwood", "Dovetail", "Elkhorn", "Foxglove", "Granite", "Hawthorne",
    "Ironwood", "Juniper",
    "Kingfisher", "Larkspur", "Millrace", "Nutmeg", "Old Quarry", "Pinecrest", "Quail Run", "Ridgeline",
    "Saddleback",
    "Tamarack", "Upland", "Vineyard", "Windmill", "Yarrow", "2nd", "14th", "103rd", "Martin Luther King Jr",
    "St. Clair",
)  # fmt: skip
_SUFFIXES = (
    "St",
    "Street",
    "Ave",
    "Avenue",
    "Blvd",
    "Rd",
    "Road",
    "Dr",
    "Drive",
    "Ln",
    "Lane",
    "Ct",
    "Pl",
    "Ter",
    "Way",
    "Pkwy",
)
_UNITS = ("Apt {n}", "Apt {n}B", "Unit {n}", "# {n}", "Ste {n}00", "Lot {n}", "Fl {n}")
_MONTHS = tuple(calendar.month_name)[1:]


def us_phone(random: Random) -> str:
    """Return a North American number in one of fifteen spellings: NXX-NXX-XXXX, no N11 (NANPA)."""
    exchange = fill(f"{random.randint(2, 9)}##", random)
    while exchange[1:] == "11" or exchange == "555":
        exchange = fill(f"{random.randint(2, 9)}##", random)
    return random.choice(_PHONES).format(
        a=random.choice(_AREA_CODES),
        x=exchange,
        l=fill("####", random),
        e=digits(random, random.randint(2, 4)),
    )


def international_phone(random: Random) -> str:
    """Return a number abroad: plus or 00, country code, national number (ITU-T E.164 and E.123)."""
    country = random.choice(sorted(_ABROAD))
    national = fill(random.choice(_ABROAD[country]), random)
    form = random.choice(("+{c} {n}", "+{c} {n}", "+{c}{s}", "00{c} {n}", "+{c}-{d}", "(+{c}) {n}"))
    return form.format(c=country, n=national, s=national.replace(" ", ""), d=national.replace(" ", "-"))


def email(random: Random) -> str:
    """Return an address: dot-atom, at, domain (RFC 5322, 3.4.1)."""
    local = random.choice(_LOCALS)
    if random.random() < 0.4:
        local += str(random.randint(1, 1999))
    return f"{local}@{random.choice(_HOSTS)}.{random.choice(_TLDS)}"


def url(random: Random) -> str:
    """Return an address on the web: scheme or www, host, a path (RFC 3986)."""
    start = random.choice(("https://", "https://www.", "http://", "www."))
    path = random.choice(_PATHS).format(
        l=random.choice(_LOCALS).replace("+", ""), n=digits(random, random.randint(4, 10))
    )
    return f"{start}{random.choice(_HOSTS)}.{random.choice(_TLDS)}/{path}"


def ipv4(random: Random) -> str:
    """Return four octets with dots (RFC 791), public or private."""
    return str(ipaddress.IPv4Address(random.choice((
        random.randint(0x01000000, 0x09FFFFFF), random.randint(0x0B000000, 0x7EFFFFFF),
        random.randint(0xC0A80000, 0xC0A8FFFF), random.randint(0x80000000, 0xDFFFFFFF),
        random.randint(0x0A000001, 0x0AFFFFFF),
    ))))  # fmt: skip


def ipv6(random: Random) -> str:
    """Return eight groups of hex, long or compressed (RFC 4291, 5952): global unicast, half with zeros."""
    number = 0x2 << 124 | random.getrandbits(124)
    if random.random() < 0.5:
        number = number >> 64 << 64 | random.getrandbits(16)
    address = ipaddress.IPv6Address(number)
    return random.choice((address.compressed, address.exploded, address.compressed.upper()))


def zip_code(random: Random) -> str:
    """Return a ZIP or ZIP+4 (USPS Domestic Mail Manual 602); the first three digits may stay."""
    number = fill(f"{random.choice((1, 2, 3, 4, 5, 6, 7, 8, 9))}####", random)
    return f"{number[:3]}[[{number[3:]}{random.choice(('', f'-{digits(random, 4)}'))}]]"


def street_address(random: Random) -> str:
    """Return a delivery line: number, direction, street, suffix, unit; a box, a route (USPS Pub. 28)."""
    kind = random.random()
    if kind < 0.08:
        return f"{random.choice(('PO Box', 'P.O. Box', 'Box'))} {digits(random, random.randint(2, 5))}"
    if kind < 0.12:
        return f"RR {random.randint(1, 9)} Box {random.randint(10, 400)}"
    parts = [digits(random, random.randint(2, 5))]
    if random.random() < 0.3:
        parts.append(random.choice(("N", "S", "E", "W", "NW", "SE", "North", "West")))
    parts += [random.choice(_STREETS), random.choice(_SUFFIXES)]
    written = " ".join(parts)
    if random.random() < 0.35:
        unit = random.choice(_UNITS).format(n=random.randint(1, 48))
        written += random.choice((", ", " ")) + unit
    return written


def date(random: Random) -> str:
    """Return a day in one of sixteen spellings (ISO 8601, DICOM DA, US, European); its year may stay."""
    day = datetime.date(1935, 1, 1) + datetime.timedelta(days=random.randrange(33_000))
    name = _MONTHS[day.month - 1]
    y, yy, m, d = day.year, f"{day.year % 100:02d}", day.month, day.day
    return random.choice((
        f"[[{m:02d}/{d:02d}]]/{y}", f"[[{m}/{d}]]/{yy}", f"[[{m}-{d}]]-{y}", f"{y}-[[{m:02d}-{d:02d}]]",
        f"[[{name} {d}]], {y}", f"[[{d} {name}]] {y}", f"[[{name[:3]} {d}]] {y}",
        f"[[{d:02d}-{name[:3].upper()}]]-{y}",
        f"[[{d:02d}.{m:02d}.]]{y}", f"[[{name} {d}{ordinal(d)}]]", f"[[{d}{ordinal(d)} of {name}]] {y}",
        f"[[{m}/{d}]]", f"[[{name[:3]}. {d}{ordinal(d)}]], {y}", f"{day:%A}, [[{name} {d}]]",
        f"[[{m:02d}.{d:02d}]].{yy}",
        f"{y}[[{m:02d}{d:02d}]]",
    ))  # fmt: skip


def age_over_89(random: Random) -> str:
    """Return an age that has to go: 90 to 112 (45 CFR 164.514(b)(2)(i)(C))."""
    return str(random.randint(90, 112))


def birth_year_over_89(random: Random) -> str:
    """Return a year of birth that tells an age over 89 in 2026 and later (the same paragraph)."""
    return str(random.randint(1914, 1935))


def ordinal(day: int) -> str:
    """Return what follows the number of a day: st, nd, rd, th."""
    return "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
