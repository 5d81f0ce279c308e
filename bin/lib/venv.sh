# Python environments under .build/venvs, each from a pinned requirements file.
# Source it, then:   venv NAME    makes or refreshes .build/venvs/NAME from bin/lib/requirements-NAME.txt
#                    venv_python  prints the interpreter that environments are made with
# An environment is made anew only when its requirements file or that interpreter has changed.
# Callers may run at the same time: a lock lets one build while the others wait.

venv_root() {
    (cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
}

# A python3 of 3.10 or newer that can make environments: the first on PATH, else the system's.
venv_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; then
            "$candidate" -c 'import sys; print(sys.executable)'
            return 0
        fi
    done
    echo "venv: no python3 (3.10 or newer) that can make environments. Run bin/setup, which installs python3-venv." >&2
    return 1
}

venv() {
    local name=$1 root requirements folder python stamp
    root=$(venv_root)
    requirements=$root/bin/lib/requirements-$name.txt
    folder=$root/.build/venvs/$name
    if [ ! -f "$requirements" ]; then
        echo "venv: no requirements file $requirements" >&2
        return 1
    fi
    python=$(venv_python) || return 1
    # The folder is part of the stamp: the scripts inside hold absolute paths, so a moved checkout starts anew.
    stamp=$({ "$python" -c 'import sys; print(sys.executable, sys.version)' && echo "$folder" && cat "$requirements"; } |
        sha256sum | cut -d' ' -f1)
    if [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    mkdir -p "$root/.build/venvs"
    (
        if ! flock -w 600 9; then
            echo "venv: another process has been making environment '$name' for 10 minutes" >&2
            exit 1
        fi
        if [ "$(cat "$folder/.stamp" 2>/dev/null)" = "$stamp" ]; then
            exit 0
        fi
        echo "venv: making .build/venvs/$name from bin/lib/requirements-$name.txt" >&2
        rm -rf "$folder"
        "$python" -m venv "$folder" &&
            "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
                --no-deps -r "$requirements" >&2 &&
            "$folder/bin/python" -m pip check >&2 &&
            echo "$stamp" >"$folder/.stamp"
    ) 9>"$root/.build/venvs/.$name.lock" </dev/null
}
