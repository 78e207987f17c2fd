"""The image on Modal: `modal deploy apps/api/deploy/modal_app.py`, after `modal secret create fairweather-keys FAIRWEATHER_KEYS="$(cat keys.json)"`.

A web request there may take 150 s, then it is answered with a redirect to its own result: HTTP clients must follow redirects.
"""

import subprocess

import modal

IMAGE = "REGISTRY/fairweather:cuda"

app = modal.App("fairweather")
image = modal.Image.from_registry(IMAGE, add_python="3.12").entrypoint([])


@app.function(image=image, gpu="L4", secrets=[modal.Secret.from_name("fairweather-keys")], scaledown_window=300, max_containers=3)
@modal.concurrent(max_inputs=17)  # FAIRWEATHER_WORKERS + FAIRWEATHER_QUEUE: beyond that the server would answer 503
@modal.web_server(8080, startup_timeout=180)
def serve() -> None:
    subprocess.Popen(["node", "apps/api/src/main.ts"], cwd="/app")
