# Two stages: the locked dependencies, then the tree, run by a user without rights.
FROM python:3.11-slim AS build
WORKDIR /srv/handshake
RUN pip install --no-cache-dir uv==0.13.9
COPY pyproject.toml uv.lock ./
RUN uv sync --frozen --no-dev --no-progress

FROM python:3.11-slim
WORKDIR /srv/handshake
RUN useradd --uid 10001 --user-group --create-home handshake \
    && mkdir var && chown handshake:handshake var
COPY --from=build /srv/handshake/.venv .venv
COPY app app
COPY agents agents
COPY config config
COPY models models
USER 10001:10001
ENV PATH=/srv/handshake/.venv/bin:$PATH PYTHONUNBUFFERED=1
VOLUME /srv/handshake/var
# The processes at scale: worker, web, watch, record, reconcile; each needs kafka, redis, store.
CMD ["python", "-m", "app", "worker"]
