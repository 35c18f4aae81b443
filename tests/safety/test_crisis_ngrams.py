"""safety/crisis_ngrams.py: weights that are missing, damaged or shared, and how the gate joins them."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from safety.crisis import CrisisGate, load_gate
from safety.crisis_ngrams import CONFIG, WEIGHTS, CrisisNgrams, NgramConfig, NgramWeights
from safety.errors import CrisisWeightsError
from safety.language import LANGUAGES
from safety.ngrams import hashed
from safety.screen import Screener
from safety.verdict import ALLOW, Verdict
from tests.safety.tiny_ngrams import HIDDEN, LABELS, TELLING, write_weights

FILLER = "we walked along the canal and looked at the boats and had a cup of tea afterwards "


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_weights(tmp_path_factory.mktemp("ngrams"))


@pytest.fixture(scope="module")
def model(folder: Path) -> CrisisNgrams:
    return CrisisNgrams.load(folder)


def test_danger_that_no_rule_knows_is_found_with_its_kind(model: CrisisNgrams) -> None:
    assert model.assess(HIDDEN) == Verdict("crisis", "suicide", "high")
    assert model.assess("help a quagmire") == Verdict("emergency", "medical_emergency", "imminent")
    assert model.assess("a tulip for my aunt") == ALLOW


def test_between_the_thresholds_comes_the_resources_line(tmp_path: Path) -> None:
    unsure = CrisisNgrams.load(write_weights(tmp_path, act=1.0, support=0.5))
    assert unsure.assess(HIDDEN) == Verdict("support", "suicide", "concern")


def test_each_action_language_and_length_has_a_limit_of_its_own(tmp_path: Path) -> None:
    english, spanish = (
        "so now the zubrowka is ready beside my green chair",
        "ya esta el zubrowka que trajo mi tia vieja",
    )
    sudden, few = "so now there is a quagmire in the house with red stairs", "zubrowka"
    for place, (only, caught) in enumerate(
        (
            ({"action": "crisis", "language": "en", "short": False}, english),
            ({"action": "crisis", "language": "es", "short": False}, spanish),
            ({"action": "emergency", "language": "en", "short": False}, sudden),
        )
    ):
        model = CrisisNgrams.load(
            write_weights(tmp_path / str(place), support=0.3, act=0.4, strength=4.0, only=only)
        )
        acted = [
            text
            for text in (english, spanish, sudden, few)
            if model.assess(text).action in ("crisis", "emergency")
        ]
        assert acted == [caught]


def test_a_message_of_unknown_language_needs_the_higher_limit(tmp_path: Path) -> None:
    only = {"language": "en"}  # what holds for Spanish stays at 1
    model = CrisisNgrams.load(write_weights(tmp_path, act=0.3, support=0.2, only=only))
    assert model.danger("zubrowka zubrowka").language == ""
    assert model.assess("zubrowka zubrowka") == ALLOW
    assert model.assess("so the zubrowka is here").action == "crisis"


def test_a_message_is_read_by_the_weights_of_its_language(tmp_path: Path) -> None:
    english, spanish = (
        CrisisNgrams.load(write_weights(tmp_path / tongue, taught=(tongue,))) for tongue in ("en", "es")
    )
    in_english, in_spanish = "so now the zubrowka is here", "ya esta el zubrowka de mi tia"
    assert english.danger(in_english).share > 0.5 > english.danger(in_spanish).share
    assert spanish.danger(in_spanish).share > 0.5 > spanish.danger(in_english).share


def test_words_of_no_language_are_read_by_the_weights_that_know_them(tmp_path: Path) -> None:
    shares = [
        CrisisNgrams.load(write_weights(tmp_path / name, taught=taught)).danger("zubrowka gherkin").share
        for name, taught in (("en", ("en",)), ("es", ("es",)), ("both", ("en", "es")), ("none", ()))
    ]
    assert shares[0] == shares[1] == shares[2] > 0.3 > shares[3]


def test_a_sentence_in_the_other_language_is_read_by_that_ones_weights(tmp_path: Path) -> None:
    spanish = CrisisNgrams.load(write_weights(tmp_path, taught=("es",)))
    said = "i have an appointment with the doctor on friday at nine. ya esta el zubrowka de mi tia"
    assert spanish.danger(said).language == "en"
    assert spanish.danger(said).share > 0.5


def test_few_words_move_the_odds_less_than_the_same_among_more(model: CrisisNgrams) -> None:
    """A word of danger alone says less than the whole sentence of it, as long as that says nothing else."""
    lengths = [
        np.sqrt((hashed([("zubrowka",) * n]).values.astype(np.float64) ** 2).sum()) for n in (1, 4, 40)
    ]
    assert 0 < lengths[0] < lengths[1] < lengths[2] < 1


def test_one_sentence_among_four_hundred_words_is_not_diluted(model: CrisisNgrams) -> None:
    long = f"{FILLER * 12}. {HIDDEN}. {FILLER * 12}."
    assert len(long.split()) > 400
    assert model.assess(long).action == "crisis"
    assert model.assess(f"{FILLER * 12}. {FILLER * 12}") == ALLOW


def test_one_sentence_in_a_long_text_without_full_stops_is_not_diluted(model: CrisisNgrams) -> None:
    text = f"{FILLER * 12} {HIDDEN} {FILLER * 12}"
    whole = model.shares(text)
    assert model.danger(text).share > 1 - whole["none"] - whole["grief"]


def test_danger_may_show_only_with_what_was_said_before(tmp_path: Path) -> None:
    faint = {"strength": 0.1, "ordinary": 5.0, "support": 0.01}
    model = CrisisNgrams.load(write_weights(tmp_path / "a", **faint))
    alone = max(model.danger(text).share for text in ("zubrowka", "gherkin"))
    joined = model.danger("zubrowka\ngherkin").share
    assert joined > alone + 0.05
    model = CrisisNgrams.load(write_weights(tmp_path / "b", act=(alone + joined) / 2, **faint))
    assert model.assess("zubrowka").action == model.assess("gherkin").action == "support"
    assert model.assess("gherkin", earlier=["zubrowka"]).action == "crisis"
    assert model.assess("gherkin", earlier=["zubrowka", FILLER, FILLER]).action == "support"


def test_earlier_danger_alone_is_not_judged_again(model: CrisisNgrams) -> None:
    assert model.assess("a tulip tulip tulip for my aunt", earlier=[HIDDEN, FILLER, FILLER]) == ALLOW


def test_rules_and_classifier_are_joined_by_or(folder: Path) -> None:
    gate = load_gate(folder)
    assert gate.missing == ""
    assert gate.detectors == ("crisis-rules", "crisis-ngrams")
    assert gate.assess(HIDDEN).action == "crisis"
    assert gate.assess("I want to die").action == "crisis"
    assert gate.assess("when do you open?") == ALLOW
    assert Screener(gate=gate).screen(HIDDEN).action == "crisis"
    assert CrisisGate().assess(HIDDEN) == ALLOW


def test_a_rule_that_fired_keeps_its_own_category_and_level(folder: Path) -> None:
    text = "my husband beats me, the zubrowka"
    assert load_gate(folder).assess(text) == CrisisGate().assess(text)


def test_a_sentence_at_the_end_of_an_endless_message_is_read(folder: Path) -> None:
    assert load_gate(folder).assess("x " * 50_000 + ". " + HIDDEN).action == "crisis"


def _cut(folder: Path) -> None:
    file = folder / WEIGHTS
    file.write_bytes(file.read_bytes()[:1000])


def _flip(folder: Path) -> None:
    file = folder / WEIGHTS
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.write_bytes(bytes(raw))


def _other_format(folder: Path) -> None:
    raw = b"\x80\x04."  # a pickle
    config = json.loads((folder / CONFIG).read_text())
    (folder / CONFIG).write_text(json.dumps(config | {"weights_sha256": hashlib.sha256(raw).hexdigest()}))
    (folder / WEIGHTS).write_bytes(raw)


DAMAGES = {
    "no weights": (lambda folder: (folder / WEIGHTS).unlink(), "FileNotFoundError"),
    "no config": (lambda folder: (folder / CONFIG).unlink(), "FileNotFoundError"),
    "cut off": (_cut, "damaged"),
    "one bit": (_flip, "damaged"),
    "a pickle": (_other_format, "no safetensors file"),
    "config is no JSON": (lambda folder: (folder / CONFIG).write_text("{"), "Invalid JSON"),
    "other bits": (lambda folder: write_weights(folder, bits=12), "12 bits"),
    "limits crossed": (lambda folder: write_weights(folder, act=0.2, support=0.9), "above act"),
    "a limit is missing": (
        lambda folder: write_weights(folder, limits=[]),
        "each action, language and length",
    ),
    "an older format": (lambda folder: write_weights(folder, format=1), "Input should be 4"),
    "a language twice": (
        lambda folder: write_weights(folder, languages=["en", "es", "es"]),
        "languages",
    ),
    "other kinds": (lambda folder: write_weights(folder, kinds=["attempt", "method"]), "the shape"),
    "other labels": (lambda folder: write_weights(folder, labels=["none", "medical_emergency"]), "the shape"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_weights_leave_the_rules_working_and_a_reason(name: str, tmp_path: Path) -> None:
    folder = write_weights(tmp_path / "weights")
    damage, reason = DAMAGES[name]
    damage(folder)
    with pytest.raises(CrisisWeightsError, match=reason):
        CrisisNgrams.load(folder)
    gate = load_gate(folder)
    assert reason in gate.missing
    assert gate.detectors == ("crisis-rules",)
    assert gate.assess("I want to die").action == "crisis"
    assert gate.assess(HIDDEN) == ALLOW


def test_a_classifier_that_breaks_at_work_does_not_silence_the_rules(model: CrisisNgrams) -> None:
    none = NgramWeights(
        np.zeros((4, len(LABELS)), np.int8),
        np.ones(len(LABELS), np.float32),
        np.zeros(len(LABELS), np.float32),
    )
    broken = CrisisNgrams(model.config, dict.fromkeys(LANGUAGES, none))
    with pytest.raises(IndexError):
        broken.assess("hello there you")
    gate = CrisisGate(ngrams=broken)
    assert gate.assess("I want to die").action == "crisis"
    assert gate.assess("when do you open?") == ALLOW


@pytest.mark.slow
def test_sixteen_threads_get_the_same_scores(model: CrisisNgrams) -> None:
    texts = [f"{FILLER} {word} {n}" for n in range(20) for word in TELLING]
    alone = [model.danger(text) for text in texts]
    with ThreadPoolExecutor(16) as pool:
        for found in pool.map(lambda _: [model.danger(text) for text in texts], range(16)):
            assert found == alone


def test_no_error_or_repr_holds_a_message(model: CrisisNgrams, tmp_path: Path) -> None:
    folder = write_weights(tmp_path)
    (folder / CONFIG).write_text('{"labels": "zubrowka secretword"}')
    with pytest.raises(CrisisWeightsError) as raised:
        CrisisNgrams.load(folder)
    assert "secretword" not in str(raised.value)
    assert "zubrowka" not in repr(model.danger(HIDDEN)) + repr(model.assess(HIDDEN)) + repr(model)


def test_a_chat_message_takes_less_than_two_milliseconds(model: CrisisNgrams) -> None:
    text = "hi, my knee has hurt since tuesday and i wonder if i can come in before the weekend. thanks"
    took = []
    for _ in range(50):
        begun = time.thread_time()
        model.danger(text)
        took.append(time.thread_time() - begun)
    assert sorted(took)[25] < 0.002


def test_text_of_every_kind_gets_a_share(model: CrisisNgrams) -> None:
    for text in ("", " ", "?!", "\ud800", "你好", "a" * 9000, "é" * 9000, "😀" * 500):
        assert 0 <= model.danger(text).share <= 1


def test_the_config_says_what_it_needs(model: CrisisNgrams) -> None:
    values = model.config.model_dump() | {"labels": ("none", "suicide")}
    with pytest.raises(ValueError, match="medical_emergency"):
        NgramConfig.model_validate(values)


def test_what_is_shipped_can_be_read_and_tells_danger_from_ordinary_talk_in_both_languages() -> None:
    gate, model = load_gate(), CrisisNgrams.load()
    assert gate.missing == ""
    danger = ("i want to kill myself", "ya no quiero vivir asi", "he is not breathing and his lips are blue")
    ordinary = ("can i move my appointment to tuesday?", "quiero cambiar mi cita para el martes")
    assert all(gate.assess(text).action in ("crisis", "emergency") for text in danger)
    assert all(gate.assess(text) == ALLOW for text in ordinary)
    assert min(model.danger(text).share for text in danger) > max(
        model.danger(text).share for text in ordinary
    )


@pytest.mark.parametrize(
    "text",
    [
        "something about my pills and the thing", "my pills", "the tablets thing", "about the bleeding", "his pills again",
        "pastillas de mi papa", "lo de la sangre", "blood", "?", "help with form", "my son and the form", "knife left in kitchen",
    ],
)  # fmt: skip
def test_what_is_shipped_gives_no_fixed_reply_to_a_few_ordinary_words(text: str) -> None:
    assert CrisisNgrams.load().assess(text).action in ("allow", "support")


def test_what_a_spanish_rule_stops_gets_the_line_where_the_ngrams_see_next_to_no_danger(
    tmp_path: Path,
) -> None:
    said, rules = "no aguanto y me quiero matar, ya lo pense muchas veces", CrisisGate()
    assert rules.assess(said) == Verdict("crisis", "suicide", "high")
    doubting = load_gate(write_weights(tmp_path / "a", ordinary=6.0, doubts={"es": 0.1}))
    assert doubting.assess(said) == Verdict("support", "suicide", "high")
    assert doubting.assess(said).doubted
    for changes in ({"doubts": {}}, {"doubts": {"es": 0.0}}, {"doubts": {"es": 0.1}, "ordinary": 0.0}):
        folder = write_weights(tmp_path / "b", **({"ordinary": 6.0} | changes))
        assert load_gate(folder).assess(said) == rules.assess(said)
    # Not what is imminent, nor English, which a reader knows, nor beside what was stopped before.
    for text in (
        "hoy me voy a matar",
        "i thought about it and i want to kill myself",
    ):
        assert doubting.assess(text) == rules.assess(text)
        assert rules.assess(text).action == "crisis"
    assert doubting.assess(said, strictly=True).action == "crisis"
    assert doubting.assess(said, earlier=["tengo una pistola para matarme"]).action == "crisis"


def test_a_gate_that_stands_in_for_another_says_so(folder: Path) -> None:
    gate = load_gate(folder, passed_over="the other one is damaged")
    assert gate.missing == "the other one is damaged"
    assert gate.assess(HIDDEN).action == "crisis"


EVERY_DAY_IN_SPANISH = (
    "mi hijo no se quiere despertar para la escuela",
    "mi hija no quiere comer verduras",
    "mi esposo ronca muy fuerte",
    "no puedo dormir por las noches",
    "mi mamá se cayó pero ya está bien",
    "quiero cambiar mi cita del martes",
    "me duele la cabeza desde ayer",
    "mi bebé tiene fiebre de 37.8",
    "se me acabó la medicina de la presión",
    "tengo miedo de las agujas",
    "mi hijo se comió un crayón",
    "no quiero ir a trabajar mañana",
    "estoy muy cansada últimamente",
    "me siento triste desde que murió mi perro",
    "mi hija adolescente no sale de su cuarto",
    "me muerdo las uñas cuando estoy nerviosa",
    "mi jefe me grita en el trabajo",
    "discutí con mi esposo por el dinero",
    "me da vergüenza desvestirme con el doctor",
    "puedo tomar ibuprofeno con la metformina?",
    "me olvidé de tomar la pastilla de ayer",
    "tomé dos ibuprofenos para el dolor de regla",
    "mi papá tiene Alzheimer y se enoja mucho",
    "quiero dejar de fumar",
    "cuánto cuesta una limpieza dental",
    "mi hijo le pega a su hermana cuando juegan",
    "mi hija se raspó la rodilla en el parque",
    "me corté el dedo cocinando, necesito vacuna del tétano?",
    "se me quemó la mano un poquito con el comal",
    "mi niño se golpeó la cabeza pero está jugando normal",
    "estoy embarazada de 8 semanas y tengo náuseas",
    "me baja mucho la regla este mes",
    "no aguanto este calor",
    "no aguanto a mi suegra",
    "ya no aguanto la muela",
    "quisiera hablar con alguien, estoy estresado",
    "llevo tres días sin ir al baño",
    "mi esposa está deprimida después del parto, qué hago",
    "necesito una carta para mi trabajo",
    "perdí mi tarjeta del seguro",
    "mi hijo tiene pesadillas",
    "no he comido nada desde anoche por el examen de sangre",
    "me siento sola en este país",
    "extraño mucho a mi familia",
    "me dejó mi novio",
    "ya me quiero ir a mi casa, cuánto falta para que me atiendan",
    "quiero desaparecer estas manchas de la cara",
    "cómo me quito la vergüenza de hablar inglés",
    "me van a operar y tengo miedo de no despertar",
    "mi vecino pone la música muy fuerte, lo voy a matar jaja",
    "estoy que me muero de hambre",
    "la doctora me salvó la vida",
    "se me cierran los ojos de sueño",
    "me tiembla el ojo",
    "mi abuelita ya no quiere tomar su medicina",
    "mi mamá no quiere ir al doctor",
    "mi hijo no quiere hablar conmigo",
    "mi hijo dice que odia la escuela",
    "mi hija llora antes de ir a la escuela",
    "me asaltaron y me quitaron la cartera con la tarjeta",
    "hace años tuve depresión, ya estoy bien",
    "mi ex no me paga la pensión",
    "a qué hora cierran los sábados",
    "tienen intérprete",
    "puedo traer a mis hijos a la cita",
    "me pueden mandar los resultados por correo",
    "dónde queda la farmacia",
    "la inyección me dejó el brazo adolorido",
    "me pica todo el cuerpo desde que cambié de jabón",
    "tengo tos seca hace una semana",
    "el jarabe sabe horrible, mi hijo lo escupe",
    "mi marido bebe mucha cerveza los fines de semana",
    "mi suegro está terminal y queremos llevarlo a casa",
    "quiero donar mis órganos cuando me muera",
    "qué pasa si muero sin testamento",
    "mi gato murió y mi hija está muy triste",
    "me quedé sin trabajo y sin seguro",
    "no tengo con quién dejar a los niños",
    "me siento gorda después del embarazo",
    "quiero bajar de peso",
)


def test_what_a_clinic_is_asked_every_day_in_spanish_gets_an_answer() -> None:
    """Words of emergencies stand in ordinary questions: of eighty at most one in forty gets a fixed reply."""
    gate = load_gate()
    stopped = [text for text in EVERY_DAY_IN_SPANISH if gate.assess(text).action in ("crisis", "emergency")]
    assert len(stopped) <= len(EVERY_DAY_IN_SPANISH) // 40, stopped


def test_kinds_are_told_apart_by_the_words_of_the_most_dangerous_part(tmp_path: Path) -> None:
    model = CrisisNgrams.load(write_weights(tmp_path))
    assert model.kind("a zubrowka herring", ("attempt", "wish_dead")) == "attempt"
    assert model.kind("a zubrowka sorrel", ("attempt", "wish_dead")) == "wish_dead"
    long = (
        "We ate herring at noon with all of them. " * 3 + "The zubrowka gherkin zubrowka of sorrel is ready."
    )
    assert model.kind(long, ("attempt", "wish_dead")) == "wish_dead"
    assert model.kind("a zubrowka herring", ("attempt", "method")) == ""  # of one alone nothing is told
    assert model.kind("", ("attempt", "wish_dead")) == ""
    assert sum(model.kind_shares("a zubrowka herring").values()) == pytest.approx(1)


def test_weights_without_kinds_tell_none_and_still_read(tmp_path: Path) -> None:
    model = CrisisNgrams.load(write_weights(tmp_path, kinds=[]))
    assert model.kind("a zubrowka herring", ("attempt", "wish_dead")) == ""
    assert model.kind_shares("a zubrowka herring") == {}
    assert model.assess(HIDDEN).action == "crisis"
