"""Put the notebooks into the wheel, within the package, when hatchling builds it.

An installation for development (`pip install -e`) uses those of the clone: copies beside it would
grow stale, which is why hatchling's `force-include` will not do.
"""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryNotebooks(BuildHookInterface):
    """Hatchling calls `initialize` before it builds a wheel."""

    def initialize(self, version, build_data):
        """Add the notebooks to what an ordinary wheel (not an editable one) includes."""
        if version == "standard":
            paths = Path(self.root, "notebooks").glob("*.ipynb")
            build_data["force_include"] |= {str(p): f"d2l_extras/notebooks/{p.name}" for p in paths}
