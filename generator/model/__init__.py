"""Model: the values that pass between the steps. They reject what EC2 would reject."""

from generator.model.deployment import PEER_NAME, Deployment, bad_file_name, name_mistake
from generator.model.markdown import from_markdown, markdown, markdown_code
from generator.model.names import (
    SLUG,
    check_release_id,
    check_slug,
    pascal,
    snake,
)
from generator.model.peers import Bindable, Peer, PeerKind, PrefixList
from generator.model.permission import Identity, Permission
from generator.model.resolved import (
    AbsentOutput,
    Clash,
    Dropped,
    Input,
    Line,
    Resolved,
    ResolvedGroup,
)
from generator.model.rule_data import (
    EC2_TEXT,
    NOT_EC2_TEXT,
    Catalogue,
    Default,
    Endpoint,
    Group,
    Release,
    ReleaseInfo,
    Topology,
)
from generator.model.tables import (
    Direction,
    GroupRules,
    Mode,
    Need,
    Outbound,
    Rule,
    Supplement,
    SupplementRules,
)
from generator.model.traffic import ALL_PORTS, ALL_TRAFFIC, ICMP, Traffic, read_cells

__all__ = [
    "ALL_PORTS",
    "ALL_TRAFFIC",
    "EC2_TEXT",
    "ICMP",
    "NOT_EC2_TEXT",
    "PEER_NAME",
    "SLUG",
    "AbsentOutput",
    "Bindable",
    "Catalogue",
    "Clash",
    "Default",
    "Deployment",
    "Direction",
    "Dropped",
    "Endpoint",
    "Group",
    "GroupRules",
    "Identity",
    "Input",
    "Line",
    "Mode",
    "Need",
    "Outbound",
    "Peer",
    "PeerKind",
    "Permission",
    "PrefixList",
    "Release",
    "ReleaseInfo",
    "Resolved",
    "ResolvedGroup",
    "Rule",
    "Supplement",
    "SupplementRules",
    "Topology",
    "Traffic",
    "bad_file_name",
    "check_release_id",
    "check_slug",
    "from_markdown",
    "markdown",
    "markdown_code",
    "name_mistake",
    "pascal",
    "read_cells",
    "snake",
]
