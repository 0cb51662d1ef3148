"""A small Hugging Face Hub on loopback, for tests: what a model's life there needs, and faults to switch on.

    with LocalHub() as hub: ... HF_ENDPOINT=hub.url ...

It keeps repos in memory: commits by their SHA, branches, private and gated ones (readable with the token `TOKEN`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "hf_" + "t" * 34
LARGE = 4096  # bytes; longer files go the way of LFS, and are named by their SHA-256


@dataclass
class Repo:
    private: bool = False
    gated: bool = False
    refs: dict[str, str] = field(default_factory=dict)
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        sha = hashlib.sha1(repr((branch, len(self.commits), sorted(files))).encode()).hexdigest()
        self.commits[sha] = files
        self.refs[branch] = sha
        return sha

    def at(self, revision: str) -> str | None:
        return self.refs.get(revision) or (revision if revision in self.commits else None)


class LocalHub:
    """The server. `fault` is None, or (kind, regex of paths): drop, cut, html, lfs, or an HTTP status."""

    def __init__(self) -> None:
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.fault: tuple[str, str] | None = None
        self.seen: list[tuple[str, str, str]] = []  # method, path, user agent
        handler = type("Handler", (_Handler,), {"hub": self})
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self) -> LocalHub:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def add(self, name: str, files: dict[str, bytes], **kind: bool) -> str:
        """A repo of one commit, or one more commit of it; the commit's SHA."""
        return self.repos.setdefault(name, Repo(**kind)).commit(files)


class _Handler(BaseHTTPRequestHandler):
    hub: LocalHub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_GET(self) -> None:
        self.route("GET")

    def do_HEAD(self) -> None:
        self.route("HEAD")

    def do_POST(self) -> None:
        self.route("POST")

    def do_PUT(self) -> None:
        self.route("PUT")

    def route(self, method: str) -> None:
        parts = urlsplit(self.path)
        path, self.query = unquote(parts.path), parse_qs(parts.query)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.hub.seen.append((method, path, self.headers.get("User-Agent", "")))
        if self.hub.fault and re.search(self.hub.fault[1], path) and self.failed(self.hub.fault[0]):
            return
        for pattern, name in ROUTES:
            if match := re.fullmatch(pattern, path):
                getattr(self, name)(*match.groups())
                return
        self.answer(404, {"error": "Not Found"}, {"X-Error-Message": "Not Found"})

    def failed(self, kind: str) -> bool:
        if kind == "drop":
            self.close_connection = True
            self.connection.shutdown(2)
        elif kind == "html":
            self.send(
                200, b"<html><body>Please log in to the guest network</body></html>", {"Content-Type": "text/html"}
            )
        elif kind.isdecimal():
            self.answer(int(kind), {"error": "refused"}, {"X-Error-Message": "refused"})
        return kind in ("drop", "html") or kind.isdecimal()

    def answer(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        self.send(status, json.dumps(value).encode(), {"Content-Type": "application/json", **(headers or {})})

    def send(self, status: int, data: bytes, headers: dict[str, str], cut: bool = False) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True
            self.wfile.flush()
            self.connection.shutdown(2)

    # What each address does.

    def repo(self, name: str) -> Repo | None:
        """A repo that whoever asks may read; else the answer is sent."""
        repo, known = self.hub.repos.get(name), self.headers.get("Authorization") == f"Bearer {TOKEN}"
        if repo is None or (repo.private and not known):
            status, code = (404, "RepoNotFound") if known else (401, "RepoNotFound")
            self.answer(status, {"error": "Repository not found"}, {"X-Error-Code": code})
            return None
        if repo.gated and not known:
            said = f"Access to model {name} is restricted. You must be authenticated to access it."
            self.answer(401, {"error": said}, {"X-Error-Code": "GatedRepo", "X-Error-Message": said})
            return None
        return repo

    def found(self, name: str, revision: str) -> tuple[Repo, str] | None:
        repo = self.repo(name)
        if repo is None:
            return None
        sha = repo.at(revision)
        if sha is None:
            said = f"Invalid rev id: {revision}"
            self.answer(404, {"error": said}, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": said})
            return None
        return repo, sha

    def whoami(self) -> None:
        if self.headers.get("Authorization") == f"Bearer {TOKEN}":
            self.answer(200, {"name": "tester", "type": "user", "orgs": [], "auth": {"accessToken": {"role": "write"}}})
        else:
            self.answer(401, {"error": "Invalid credentials"})

    def create(self) -> None:
        said = json.loads(self.body)
        name = f"{said.get('organization') or 'tester'}/{said['name']}"
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            self.answer(401, {"error": "Invalid username or password."})
        elif name in self.hub.repos:
            self.answer(409, {"error": "You already created this model repo", "url": f"{self.hub.url}/{name}"})
        else:
            private = bool(said.get("private")) or said.get("visibility") == "private"
            self.hub.repos[name] = Repo(private=private)
            self.hub.repos[name].commit({".gitattributes": b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n"})
            self.answer(200, {"url": f"{self.hub.url}/{name}", "name": name, "id": name})

    def branch(self, name: str, branch: str) -> None:
        repo = self.repo(name)
        if repo is not None:
            status = 409 if branch in repo.refs else 201
            repo.refs.setdefault(branch, repo.refs["main"])
            self.answer(status, {"error": "Reference already exists"} if status == 409 else {})

    def info(self, name: str, _: str | None = None, revision: str | None = None) -> None:
        if found := self.found(name, revision or "main"):
            repo, sha = found
            files = [{"rfilename": path} for path in repo.commits[sha]]
            about = {"_id": "1", "id": name, "modelId": name, "sha": sha, "private": repo.private, "gated": repo.gated}
            self.answer(200, {**about, "siblings": files, "tags": [], "downloads": 0, "likes": 0})

    def models(self) -> None:
        """Public models whose card names the library that is asked for."""
        library = f"library_name: {self.query['filter'][0]}\n".encode()
        cards = {name: repo.commits[repo.refs["main"]].get("README.md", b"") for name, repo in self.hub.repos.items()}
        found = [name for name, card in cards.items() if library in card and not self.hub.repos[name].private]
        self.answer(200, [{"_id": "1", "id": name, "modelId": name, "tags": []} for name in found])

    def tree(self, name: str, revision: str, _: str | None = None) -> None:
        if found := self.found(name, revision):
            repo, sha = found
            entries = []
            for path, data in repo.commits[sha].items():
                entry: dict = {"type": "file", "oid": blob_id(data), "size": len(data), "path": path}
                if len(data) > LARGE:
                    entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
                entries.append(entry)
            self.answer(200, entries)

    def resolve(self, name: str, revision: str, path: str) -> None:
        if not (found := self.found(name, revision)):
            return
        repo, sha = found
        data = repo.commits[sha].get(path)
        if data is None:
            self.answer(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": sha})
            return
        headers = {"X-Repo-Commit": sha, "Accept-Ranges": "bytes", "ETag": f'"{blob_id(data)}"'}
        if len(data) > LARGE:
            headers |= {"X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        status, start = 200, 0
        if match := re.match(r"bytes=(\d+)-", self.headers.get("Range", "")):
            status, start = 206, int(match[1])
            headers["Content-Range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        if self.hub.fault and self.hub.fault[0] == "flip" and re.search(self.hub.fault[1], path):
            data = data[:-1] + bytes([data[-1] ^ 1])
        cut = bool(self.hub.fault and self.hub.fault[0] == "cut" and re.search(self.hub.fault[1], path))
        self.send(status, data[start:], headers, cut=cut and self.command == "GET")

    def preupload(self, name: str, revision: str) -> None:
        if self.found(name, revision):
            files = json.loads(self.body)["files"]
            self.answer(200, {"files": [
                {"path": f["path"], "uploadMode": ("regular", "lfs")[f["size"] > LARGE], "shouldIgnore": False}
                for f in files
            ]})  # fmt: skip

    def lfs(self, name: str) -> None:
        if self.repo(name) is None:
            return
        objects = []
        for item in json.loads(self.body)["objects"]:
            if self.hub.fault and self.hub.fault[0] == "lfs":
                objects.append({**item, "error": {"code": 507, "message": "storage is full"}})
            else:
                objects.append(
                    {**item, "actions": {"upload": {"href": f"{self.hub.url}/store/{item['oid']}", "header": {}}}}
                )
        self.answer(200, {"transfer": "basic", "objects": objects}, {"Content-Type": "application/vnd.git-lfs+json"})

    def store(self, oid: str) -> None:
        self.hub.objects[oid] = self.body
        self.answer(200, {})

    def commit(self, name: str, branch: str) -> None:
        if not (found := self.found(name, branch)):
            return
        repo, sha = found
        files = dict(repo.commits[sha])
        for line in self.body.splitlines():
            said = json.loads(line)
            value = said["value"]
            if said["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif said["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
        new = repo.commit(files, branch)
        self.answer(200, {"commitUrl": f"{self.hub.url}/{name}/commit/{new}", "commitOid": new, "success": True})

    def valid(self) -> None:
        self.answer(200, {"errors": [], "warnings": []})


def blob_id(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


NAME = r"([\w.-]+/[\w.-]+)"
ROUTES = [
    (r"/api/whoami-v2", "whoami"),
    (r"/api/repos/create", "create"),
    (r"/api/validate-yaml", "valid"),
    (r"/api/models", "models"),
    (rf"/api/models/{NAME}/branch/(.+)", "branch"),
    (rf"/api/models/{NAME}/tree/([^/]+)(/.*)?", "tree"),
    (rf"/api/models/{NAME}/preupload/([^/]+)", "preupload"),
    (rf"/api/models/{NAME}/commit/([^/]+)", "commit"),
    (rf"/api/models/{NAME}(/revision/([^/]+))?", "info"),
    (rf"/{NAME}\.git/info/lfs/objects/batch", "lfs"),
    (r"/store/([0-9a-f]{64})", "store"),
    (rf"/{NAME}/resolve/([^/]+)/(.+)", "resolve"),
]
