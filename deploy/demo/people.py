"""Who works at Fernhall, the invented company of the demo, and the channels they talk in."""

from dataclasses import dataclass

WORKSPACE = "Fernhall"
TEAM = "T0FERN0001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member of the workspace."""

    id: str
    name: str
    title: str
    zone: str = "Europe/Berlin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A user group."""

    id: str
    handle: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel; a private one for a product that only the people in its roles may read."""

    id: str
    name: str
    topic: str
    members: tuple[str, ...] = ()  # none: everybody
    private: bool = False


PEOPLE = (
    Person(id="U0ANA00001", name="Ana Ferreira", title="Product manager, payments", zone="Europe/Lisbon"),
    Person(id="U0BEN00001", name="Ben Okafor", title="Product manager, discovery", zone="Europe/London"),
    Person(
        id="U0CHL00001", name="Chloe Martin", title="Product manager, writing and hiring", zone="Europe/Paris"
    ),
    Person(id="U0DEV00001", name="Dev Raman", title="Data scientist, risk", zone="Asia/Kolkata"),
    Person(id="U0ELE00001", name="Elena Petrova", title="Data scientist, ranking"),
    Person(id="U0FAR00001", name="Farid Haddad", title="Machine-learning engineer"),
    Person(id="U0GRA00001", name="Grace Lindqvist", title="Chief operating officer"),
    Person(id="U0HAN00001", name="Hana Sato", title="Responsible AI lead"),
    Person(id="U0IVO00001", name="Ivo Novak", title="Site reliability engineer"),
    Person(id="U0JAM00001", name="Jamila Diallo", title="Head of support", zone="Africa/Dakar"),
    Person(id="U0KAI00001", name="Kai Berger", title="Support team lead"),
    Person(id="U0LEA00001", name="Lea Hoffmann", title="Counsel, product law"),
    Person(id="U0MIG00001", name="Miguel Torres", title="Privacy officer", zone="Europe/Madrid"),
    Person(id="U0NOR00001", name="Nora Ahmed", title="Finance partner"),
    Person(id="U0OLI00001", name="Oliver Grant", title="Designer", zone="America/New_York"),
)
EVERYBODY = tuple(person.id for person in PEOPLE)

GROUPS = (
    Group(
        id="S0SUP00001", handle="support-leads", name="Support leads", members=("U0JAM00001", "U0KAI00001")
    ),
)

CHANNELS = (
    Channel(id="C0GENERAL1", name="general", topic="Everybody at Fernhall"),
    Channel(id="C0AUDIT001", name="ai-audit", topic="Checkpoints of decisions, one thread a month"),
    Channel(id="C0SUPPORT1", name="ai-support-chatbot", topic="The assistant that answers customers first"),
    Channel(id="C0FEED0001", name="ai-feed", topic="The personal feed"),
    Channel(id="C0RECOM001", name="ai-recommender", topic="What to read next"),
    Channel(id="C0FRAUD001", name="ai-fraud", topic="Card payments that need a second look"),
    Channel(id="C0WRITE001", name="ai-writing", topic="The writing assistant for our offices"),
    Channel(id="C0OFFERS01", name="ai-nearby-offers", topic="Offers near people who asked for them"),
    Channel(
        id="C0JOBS0001",
        name="ai-job-matching",
        topic="Candidates for open jobs",
        private=True,
        members=(
            "U0BEN00001",
            "U0CHL00001",
            "U0DEV00001",
            "U0ELE00001",
            "U0FAR00001",
            "U0GRA00001",
            "U0HAN00001",
            "U0IVO00001",
            "U0JAM00001",
            "U0LEA00001",
            "U0MIG00001",
            "U0NOR00001",
            "U0OLI00001",
        ),
    ),
)
