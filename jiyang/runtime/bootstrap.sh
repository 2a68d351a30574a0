# Sourced by run, test and bench: leaves a ready virtual environment in .venv, fast when nothing changed. POSIX sh.

fail() { printf '%s\n' "$*" >&2; exit 1; }

python_command() {
    for name in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            printf '%s' "$name"
            return
        fi
    done
    fail "需要 Python 3.11 或更高版本。Debian/Ubuntu：apt-get install python3"
}

bootstrap() {
    stamp=$(cksum < requirements.lock)
    [ -f .venv/stamp ] && [ "$(cat .venv/stamp)" = "$stamp" ] && return 0
    python=$(python_command) || exit 1
    printf '准备运行环境…\n' >&2
    if [ ! -x .venv/bin/python ]; then
        rm -rf .venv
        if command -v uv >/dev/null 2>&1; then
            uv venv -q --seed --python "$python" .venv || fail "无法建立虚拟环境 .venv"
        else
            "$python" -m venv .venv 2>/dev/null || fail "无法建立虚拟环境。Debian/Ubuntu：apt-get install python3-venv"
        fi
    fi
    lock=$(pwd)/requirements.lock
    # uv is four times as fast; the office's own certificates and mirrors are pip's to know, so pip is the way back
    if ! { .venv/bin/python -m pip install -q --disable-pip-version-check uv==0.13.9 &&
        UV_SYSTEM_CERTS=1 .venv/bin/uv pip sync -q --python .venv/bin/python --require-hashes "$lock"; } 2>/dev/null; then
        .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r "$lock" >&2 ||
            fail "安装依赖失败，请检查网络后重试"
    fi
    printf '%s' "$stamp" > .venv/stamp
}

cd "$(dirname "$0")" || exit 1
bootstrap
