# One image for web, workers and migrations; compose says which of them a container is.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1 TZ=UTC
WORKDIR /troupe
RUN useradd --system --uid 10001 --home-dir /nonexistent troupe \
    && install -d -o troupe /data

# First the packages: they change more rarely than the code.
COPY requirements.lock requirements-assets.lock ./
RUN pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: \
    -r requirements.lock -r requirements-assets.lock

COPY . .
USER troupe
CMD ["python", "worker.py", "--queue", "all"]
