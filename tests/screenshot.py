"""The picture in the README: the top of the real page in a headless Chromium, kept small.

python tests/screenshot.py
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path

from browser import chromium, opened
from PIL import Image
from samples import peers, rendered, variant

PICTURE = Path(__file__).parents[1] / "out" / "matrix.png"
WIDTH, COLOURS = 1180, 64
ACME = variant(
    name="acme",
    features={"cloud-compliance": False, "backup-to-s3": False, "ndmp": False, "iscsi": False},
    endpoints={
        "administrators": peers("10.1.2.0/28"),
        "manager-http-clients": peers("10.1.0.0/16"),
        "nas-clients": peers("10.20.0.0/16"),
        "monitoring-clients": peers("10.30.0.0/24"),
        "mediator-api-clients": peers("10.1.0.0/16"),
        "active-directory": peers("10.10.0.10/32", "10.20.0.10/32"),
        "dns": peers("10.10.0.10/32"),
        "snapmirror-peers": peers("172.16.8.0/24"),
        "ontap-intercluster-lifs": peers("172.16.8.0/24"),
        "ping-clients": peers("10.30.0.0/24"),
        "dhcp": (),
    },
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "matrix.html"
        file.write_text(rendered(ACME, "html")["matrix.html"], "utf-8")
        with opened(browser, file, width=WIDTH) as page:
            picture = page.locator("section").nth(1).bounding_box()
            height = picture["y"] + picture["height"] + 14
            clip = {"x": 0, "y": 0, "width": WIDTH, "height": height}
            shot = page.screenshot(clip=clip, full_page=True)
    image = Image.open(io.BytesIO(shot)).convert("RGB")
    small = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
