# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A page of metrics, read by a parser that is not ours (python3-prometheus-client)."""
import re

from prometheus_client.openmetrics import parser as openmetrics_parser
from prometheus_client.parser import text_string_to_metric_families

PREFIX = "tcpstates_"


class Page:
    def __init__(self, samples):
        self.samples = samples

    def labels(self, name, **labels):
        """{the other labels and their values: value} of the samples of this name with these labels"""
        wanted = {k: str(v) for k, v in labels.items()}
        found = {}
        for s in self.samples:
            if s.name == PREFIX + name and wanted.items() <= s.labels.items():
                rest = sorted((k, v) for k, v in s.labels.items() if k not in wanted)
                found[rest[0] if len(rest) == 1 else tuple(rest)] = s.value
        return found

    def get(self, name, **labels):
        """The only one; 0 if there is none: what has not occurred has no sample."""
        found = self.labels(name, **labels)
        assert len(found) < 2, found
        return sum(found.values())

    def sum(self, name, **labels):
        return sum(self.labels(name, **labels).values())

    def exemplars(self, name, **labels):
        wanted = {k: str(v) for k, v in labels.items()}
        return [s.exemplar for s in self.samples
                if s.name == PREFIX + name and wanted.items() <= s.labels.items() and s.exemplar]

    def __str__(self):
        return "\n".join(f"{s.name}{s.labels} {s.value}" for s in self.samples
                         if s.value and not re.search("_bucket|feature_info", s.name))


def parse(text):
    families = (openmetrics_parser.text_string_to_metric_families(text) if text.endswith("# EOF\n")
                else text_string_to_metric_families(text))
    return Page([s for family in families for s in family.samples])
