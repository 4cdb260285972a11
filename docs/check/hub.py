"""A stand-in for the Hugging Face hub on loopback: every repository is one model directory."""

import contextlib
import hashlib
import http.server
import json
import pathlib
import threading
import urllib.parse

COMMIT = "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a"
LARGE_BYTES = 10_000_000


def _listing(directory, repository):
    files = []
    for path in sorted(p for p in directory.rglob("*") if p.is_file()):
        content = path.read_bytes()
        file = {
            "rfilename": str(path.relative_to(directory)),
            "size": len(content),
            "blobId": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
        }
        if len(content) > LARGE_BYTES:
            file["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
        files.append(file)
    return {"id": repository, "sha": COMMIT, "siblings": files}


class _Handler(http.server.BaseHTTPRequestHandler):
    directory = pathlib.Path()

    def do_GET(self):
        path = urllib.parse.urlsplit(self.path).path.strip("/").split("/")
        if path[:2] == ["api", "models"]:
            self._answer(json.dumps(_listing(self.directory, "/".join(path[2:4]))).encode(), {})
            return
        file = self.directory / "/".join(path[4:])
        if path[2:4] != ["resolve", COMMIT] or not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        etag = hashlib.sha256(content).hexdigest()
        self._answer(content, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"', "X-Linked-Etag": f'"{etag}"'})

    do_HEAD = do_GET

    def _answer(self, body, headers):
        self.send_response(200)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(directory):
    """Gives the endpoint for HF_ENDPOINT."""
    handler = type("Handler", (_Handler,), {"directory": directory})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
