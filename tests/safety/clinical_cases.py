"""Invented sentences with clinical terms, and with people whose names are terms as well."""

from __future__ import annotations

from typing import Final

TERMS: Final = tuple(
    one.strip()
    for one in """
    can [adalimumab] make me dizzy
    history of [Doyne honeycomb retinal dystrophy], stable
    what is [chondrosarcoma]
    does [mucolipidosis III gamma] run in families
    he has [central pontine myelinolysis] since spring
    my doctor brought up [alendronate] last week
    is [Addison's disease] something that runs in families
    they found [Barrett's esophagus] on the scope
    what are the stages of [Burkitt lymphoma]
    she has a [Charcot foot] and needs a boot
    they asked me the [CAGE questions] again
    I filled in the [Beck Depression Inventory] twice
    what does a 14 on the [Edinburgh postnatal scale] mean
    my therapist used the [Yale-Brown scale] today
    does [Crohn's] get worse with stress
    living with [Parkinson's] is hard on my mother
    is [Parkinson's disease] inherited
    my [Hashimoto's thyroiditis] is acting up
    could it be [Guillain-Barré syndrome]
    is [Sjögren's] the reason for my dry eyes
    do I have [Graves' disease] or just [anxiety]
    [Ehlers-Danlos] makes my joints slip
    [Wolff-Parkinson-White syndrome] was on my report
    they said [Charcot-Marie-Tooth disease] is rare
    my son was diagnosed with [Asperger's]
    [Tourette's] makes him blink a lot
    is [Lou Gehrig's disease] the same as [motor neuron disease]
    her [Hodgkin lymphoma] is in remission
    they call it [non-Hodgkin's lymphoma]
    can I take [sertraline] with coffee
    is [Humira] safe while nursing
    what happens if I skip [lisinopril]
    [Ozempic] makes me queasy every morning
    switching from [Zoloft] to [Lexapro] scares me
    does [upadacitinib] cause hair loss
    is [zilebesiran] or [obicetrapib] better than [olokizumab]
    how long does [semaglutide] stay in the body
    can [St. John's wort] make the pill fail
    does [ashwagandha] help with sleep
    we ran out of [dolutegravir] on holiday
    they gave me [ceftriaxone] for it
    is [chlamydia] curable
    I think it is [candida] again
    the tick gave me [Lyme disease]
    is [West Nile virus] going around
    did she have [German measles] or [measles]
    my kid caught [coxsackie] at daycare
    is there a shot for [Ebola]
    can [Zika] harm the baby
    [Marburg virus] was in the news
    the whole ship had [norovirus]
    my [lupus] flares in the sun
    is [shingles] catching
    they did a [Whipple procedure] on him
    do [Kegel exercises] help after birth
    show me the [Epley maneuver]
    the [Heimlich maneuver] saved him
    wearing a [Holter monitor] for two days
    is a [Foley catheter] painful
    a [Colles' fracture] takes how long to heal
    the [Romberg test] was off
    my [Babinski sign] was positive
    the [Epworth sleepiness scale] said 15
    what is a good [Apgar score]
    his [Glasgow coma scale] was low
    we did the [Montreal Cognitive Assessment]
    my [PHQ-9] went up
    the [Vanderbilt assessment scale] came in the mail
    how is the [Hamilton depression rating scale] scored
    I redid the [Wechsler scale]
    the [Columbia protocol] was used
    is the [Mantoux test] a shot
    does [Bell's palsy] go away
    is [Down syndrome] seen on the scan
    [Raynaud's phenomenon] turns my hands white
    [Huntington's disease] runs in the family
    is [Kawasaki disease] dangerous for toddlers
    [Meniere's disease] makes me spin
    is [Peyronie's disease] common
    [Cushing syndrome] changed my face
    they suspect [Wilson's disease] because of copper
    is [Paget's disease] of the bone painful
    [Dupuytren's contracture] bends my finger
    my uncle has [Alzheimer's] and forgets us
    the baby has [Tay-Sachs]
    [Stevens-Johnson syndrome] came from a pill
    is [Epstein-Barr virus] the cause of [mono]
    does [Peutz-Jeghers syndrome] need scopes
    [Marfan syndrome] made him tall
    [Klinefelter syndrome] was on the test
    [Takotsubo cardiomyopathy] is a broken heart
    is [legionnaires' disease] in the water
    a [baker's cyst] behind my knee
    [Osgood-Schlatter] hurts when he runs
    """.strip().splitlines()
)
"""Each term stands in brackets; `plain` takes them out."""

PEOPLE: Final = (
    ("I called Dr. Parkinson's office twice", "Parkinson"),
    ("my neighbor Graves drove me home", "Graves"),
    ("Allegra called me about the bill", "Allegra"),
    ("Priya's disease got worse", "Priya"),
    ("Mr Barrett is my landlord", "Barrett"),
    ("my sister is Allegra Jones", "Allegra Jones"),
    ("I am seeing Will Parkinson on Monday", "Will Parkinson"),
    ("Dr. Addison told me to wait", "Addison"),
    ("Mrs. Hodgkin from the front desk was kind", "Hodgkin"),
    ("please tell Nurse Huntington that I am late", "Huntington"),
    ("my friend Beck Johnson came along", "Beck Johnson"),
    ("Ms Crohn teaches my son", "Crohn"),
    ("Professor Babinski wrote to me", "Babinski"),
    ("my name is Edwin Hashimoto", "Edwin Hashimoto"),
    ("my husband Thomas Wilson had surgery", "Thomas Wilson"),
    ("Dr. Cushing changed my dose", "Cushing"),
    ("Mr. Burkitt and his wife moved in", "Burkitt"),
    ("my therapist is Laura Romberg", "Laura Romberg"),
    ("I spoke with Daniel Wernicke yesterday", "Daniel Wernicke"),
    ("Dr. Sjogren is on leave", "Sjogren"),
    ("ask for Maria Heimlich at the desk", "Maria Heimlich"),
    ("this is Karen Foley, I need a refill", "Karen Foley"),
    ("Miss Raynaud from billing rang", "Raynaud"),
    ("my boss Peter Holter fired me", "Peter Holter"),
    ("Dr. Kegel delivered my baby", "Kegel"),
    ("Mrs Epley is my aunt", "Epley"),
    ("my brother James Hodgkin takes prednisone", "James Hodgkin"),
    ("Sarah Bell's palsy is better", "Sarah"),
    ("my son Kevin Parkinson's disease got worse", "Kevin"),
    ("Dr. Parkinson treats my cough", "Parkinson"),
    ("I am Linda Barrett and I take adalimumab", "Linda Barrett"),
    ("Jennifer Wechsler did the scale with me", "Jennifer Wechsler"),
    ("my cousin Robert Tourette lives with us", "Robert Tourette"),
    ("Mr. Lyme signed the form", "Lyme"),
    ("Dr. Tinel tapped my wrist", "Tinel"),
    ("my teacher Mrs. Marfan was nice", "Marfan"),
    ("Mr. Bartholin picked me up", "Bartholin"),
    ("thanks, Emily Kawasaki", "Emily Kawasaki"),
    ("my coach is Anthony Graves", "Anthony Graves"),
    ("Dr. Alzheimer will see you, they said", "Alzheimer"),
    ("my wife Michelle Colles broke her arm", "Michelle Colles"),
    ("Mrs. Kaposi's son is ill", "Kaposi"),
)
"""Sentences and the name in each that must not stay."""

NO_TERM: Final = tuple(
    """
    Dr. Parkinson's office|my neighbor Graves|Allegra called me|Priya got worse|Mr Barrett|Beck Johnson
    Barrett's foot hurts|Wilson's test came back|Parker's surgery went well|Baker's cancer is back
    did Jackson test positive|Dr. Addison's disease clinic|Nurse Huntington's disease talk|Will Parkinson
    Prof. Babinski sign here|Allen Parkinson's disease|Kevin Huntington's disease|Edinburgh in the rain
    Hodgkin and sons|Ms Sjogren|Mrs Crohn's cat|my coach Parkinson's rules|Parkinson's house|Hodgkin's wife
    the Graves family|Mr. Lupus|Dr. Ebola|Ms. Candida|my friend Hashimoto's plan|I live in Lyme|I live in Norco|I moved to Norwalk
    she is from Marburg|Coach Beck|Addison's teacher|Barrett's number|Cushing, Ohio|Paget Street|Kegel
    Heimlich came|Mohs said no|Bell rang|Down the road|Still here|Glasgow is cold|Framingham is home
    Foley wrote|Mr. Guillain|Mrs. Barre|Huntington Beach|Wells Fargo|Boston is far
    Charcot told us|Romberg, Anna|Wechsler left|Burkitt moved|Raynaud\nphenomenon
    Whipple\ndisease|Beck. Scale it down|Takayasu called|Kawasaki rides|Weber grills|Murphy won
    Ms. Ranvir|Jagatvir left|Mr. Okonkwo disease leaflet|tell Maria syndrome talks are on|Euphemia wrote
    Okonkwo's disease|give Priya syndrome leaflets
    """.strip()
    .replace("\n    ", "|")
    .split("|")
)


def plain(case: str) -> str:
    """Return the sentence without its brackets."""
    return case.replace("[", "").replace("]", "")


def terms(case: str) -> list[str]:
    """Return what stands in brackets."""
    return [part.partition("]")[0] for part in case.split("[")[1:]]
