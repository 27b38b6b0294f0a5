"""Run all chapters as other processors would compute them: `make test-machines`.

Each setting is one environment variable that MXNet reads before it starts; nbval then compares
every output with the stored one. `python -m tests.machines sse41 threads-4` runs two of them.
The last one, `pins`, installs d2l's own, older dependencies with plain pip into a virtual
environment (`build/pins`) and runs the chapters there.
"""

import argparse
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINS = ROOT / "build" / "pins"
PASSIVE = {"OMP_WAIT_POLICY": "passive"}  # threads that spin while they wait starve the others
SETTINGS = {
    "default": {},
    "sse41": {"DNNL_MAX_CPU_ISA": "SSE41"},
    "avx2": {"DNNL_MAX_CPU_ISA": "AVX2"},
    "avx512": {"DNNL_MAX_CPU_ISA": "AVX512_CORE"},
    "no-onednn": {"MXNET_MKLDNN_ENABLED": "0"},
    "nehalem": {"OPENBLAS_CORETYPE": "Nehalem"},
    "haswell": {"OPENBLAS_CORETYPE": "Haswell"},
    "skylakex": {"OPENBLAS_CORETYPE": "SkylakeX"},
    "threads-1": {"OMP_NUM_THREADS": "1", **PASSIVE},
    "threads-2": {"OMP_NUM_THREADS": "2", **PASSIVE},
    "threads-4": {"OMP_NUM_THREADS": "4", **PASSIVE},
    "naive-engine": {"MXNET_ENGINE_TYPE": "NaiveEngine"},
    "pins": {},
}


def python(name):
    """Return the interpreter to run a setting with; make its environment if need be."""
    if name != "pins":
        return sys.executable
    interpreter = PINS / "bin" / "python"
    if not interpreter.exists():
        venv.create(PINS, with_pip=True)
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        constraints = ["-c", "environment.lock", "ipython<9"]
        subprocess.run([*pip, *constraints, "-e", ".[test]"], cwd=ROOT, check=True)
    return str(interpreter)


def run(name, chapters, jobs):
    """Run the chapters with one setting; return whether all outputs are the stored ones."""
    command = [python(name), "-m", "pytest", "--quiet", "-n", jobs, *chapters]
    environment = {**os.environ, **SETTINGS[name], "TQDM_DISABLE": "1"}
    return subprocess.run(command, cwd=ROOT, env=environment).returncode == 0


def main():
    """Run the settings that were asked for, all if none was; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("setting", nargs="*", help=f"any of {', '.join(SETTINGS)}")
    parser.add_argument("--chapters", nargs="*", default=["notebooks"], help="notebook files")
    parser.add_argument("--jobs", default="auto", help="chapters at a time; all cores if left out")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.setting) - set(SETTINGS))
    if unknown:
        parser.error(f"no setting {', '.join(unknown)}; there are {', '.join(SETTINGS)}")
    results = {}
    for name in chosen.setting or SETTINGS:
        print(f"--- {name} {SETTINGS[name] or ''}", flush=True)
        started = time.monotonic()
        results[name] = run(name, chosen.chapters, chosen.jobs), time.monotonic() - started
    print("\nsetting        chapters        time")
    for name, (passed, seconds) in results.items():
        print(f"{name:<14} {'all hold' if passed else 'DIFFERENCES':<12} {seconds:6.0f} s")
    return int(not all(passed for passed, _ in results.values()))


if __name__ == "__main__":
    sys.exit(main())
