"""The script that writes the corpora anew agrees with the tests of the corpora."""

import corpora
import pytest


def first(corpus):
    return min(corpus.glob("*.yaml"))


@pytest.mark.parametrize(
    ("about", "corpus"),
    [
        pytest.param(corpora.about_deployment, corpora.DEPLOYMENTS, id="deployments"),
        pytest.param(corpora.about_rule_data, corpora.RULE_DATA, id="rule_data"),
    ],
)
def test_a_mistake_is_answered_as_the_tests_expect(about, corpus):
    mistake = first(corpus)
    assert about(mistake) == mistake.with_suffix(".txt").read_text("utf-8")


def test_what_is_no_mistake_is_not_recorded_as_one(tmp_path):
    good = tmp_path / "good.yaml"
    good.write_text('name: good\nrelease: "3.7"\n')
    with pytest.raises(ValueError, match="is not refused"):
        corpora.about_deployment(good)
