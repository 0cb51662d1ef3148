# docker build -t facegen .
# docker run --rm -p 127.0.0.1:7860:7860 -v facegen:/cache facegen
FROM python:3.11-slim

WORKDIR /src
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY facegen facegen
COPY checkpoints checkpoints
RUN pip install --no-cache-dir --no-deps . && rm -rf /src/*

RUN useradd --create-home --uid 1000 facegen && install -d -o facegen -g facegen /cache
USER 1000
WORKDIR /home/facegen
# Models from the Hub are kept in the volume.
ENV HF_HOME=/cache PYTHONUNBUFFERED=1 GRADIO_ANALYTICS_ENABLED=False
VOLUME /cache
EXPOSE 7860
HEALTHCHECK --start-period=60s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/robots.txt', timeout=5)"]
CMD ["facegen", "app", "--host", "0.0.0.0", "--port", "7860"]
