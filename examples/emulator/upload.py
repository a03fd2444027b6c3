"""A minimal uploader in Python, in place of your own code that is to be tested."""

import json
import time
import urllib.error
import urllib.request


class Uploader:
    """Uploads bytes in parts. It sends a part again if storage answers 503."""

    def __init__(self, url, key, tries=3):
        self.url, self.key, self.tries = url, key, tries
        self.retries = 0

    def upload(self, content):
        """Uploads content and returns the URL of the file."""
        account = self.key.split("_")[1][:7]
        uploads = f"{self.url}/v2/accounts/{account}/uploads"
        begun = self.call("POST", uploads, {"size": len(content), "protocol": "1.1"})
        done = {}
        for index in range(begun["uploadParts"]["count"]):
            part = begun["uploadParts"]["first"]
            if index > 0:
                part = self.call("GET", f"{uploads}/{begun['uploadId']}/parts/{index}")
            where = part["range"]
            chunk = content[where["inclusiveStart"]: where["inclusiveEnd"] + 1]
            etag = self.put(part["uploadUrl"], chunk)
            done = self.call("PUT", f"{uploads}/{begun['uploadId']}/parts/{index}", {"etag": etag})
        if done["status"] != "Completed":
            raise RuntimeError(f"the upload ended as {done['status']}")
        return begun["file"]["fileUrl"]

    def put(self, url, chunk):
        """Sends a part to its URL and returns its etag."""
        for attempt in range(1, self.tries + 1):
            try:
                request = urllib.request.Request(url, data=chunk, method="PUT")
                with urllib.request.urlopen(request) as answer:
                    return answer.headers["ETag"]
            except urllib.error.HTTPError as error:
                error.close()
                if error.code != 503 or attempt == self.tries:
                    raise
                self.retries += 1
                time.sleep(float(error.headers.get("Retry-After", 0)))
        raise AssertionError("unreachable")

    def call(self, method, url, body=None):
        """Calls the API and returns its answer."""
        request = urllib.request.Request(url, method=method, headers={"Authorization": f"Bearer {self.key}"})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
