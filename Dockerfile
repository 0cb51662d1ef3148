# The app on port 7860, on CPUs, as a user without rights.
#
#   docker build -t facegen .
#   docker run --rm -p 127.0.0.1:7860:7860 -v facegen:/data facegen
#
# PyPI's torch for Linux brings CUDA along. --build-arg TORCH_INDEX=.. names an index of CPU wheels to take it from.
FROM python:3.11-slim

ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    HF_HOME=/data/huggingface

RUN useradd --create-home --uid 1000 facegen && install -d -o facegen -g facegen /data

# The requirements first: they change less often than the code.
WORKDIR /src
COPY requirements.txt .
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r requirements.txt

COPY pyproject.toml setup.py README.md LICENSE ./
COPY checkpoints checkpoints
COPY facegen facegen
RUN pip install --no-deps . && rm -rf /src/*

USER facegen
WORKDIR /home/facegen
VOLUME /data
EXPOSE 7860

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/robots.txt', timeout=4)"]

# SIGTERM ends it: running requests get FACEGEN_DRAIN seconds, more than the ten that Docker waits by itself.
STOPSIGNAL SIGTERM
CMD ["facegen", "app", "--host", "0.0.0.0", "--port", "7860"]
