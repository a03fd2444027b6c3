"""Tests an uploader in Python against the emulator, with faults scripted over HTTP.

Start the emulator with a fault key and with parts of 1 MiB, then run the tests:

    export BYTESCALE_EMULATOR_FAULT_KEY=a-key-for-the-tests
    bytescale emulator --part-size 1MiB &
    python3 -m unittest
"""

import json
import os
import unittest
import urllib.error
import urllib.request

from upload import Uploader

URL = os.environ.get("BYTESCALE_API_URL", "http://127.0.0.1:8744")
KEY = os.environ.get("BYTESCALE_API_KEY", "secret_A623uY2exampleKey")
FAULT_KEY = os.environ["BYTESCALE_EMULATOR_FAULT_KEY"]
CONTENT = os.urandom(3 << 20)


def faults(method, script=None):
    """Lists (GET), adds (POST) or removes (DELETE) faults of the emulator."""
    request = urllib.request.Request(f"{URL}/faults", method=method, headers={"Authorization": f"Bearer {FAULT_KEY}"})
    if script is not None:
        request.data = json.dumps(script).encode()
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read() or "null")


class UploadTest(unittest.TestCase):
    def setUp(self):
        self.addCleanup(faults, "DELETE")

    def test_retries_a_part(self):
        faults("POST", [{"operation": "PutPart", "part": 1, "kind": "status", "status": 503, "retryAfter": "0"}])
        uploader = Uploader(URL, KEY)
        file_url = uploader.upload(CONTENT)
        self.assertEqual(uploader.retries, 1)
        self.assertEqual(faults("GET"), [], "a fault hit nothing")
        with urllib.request.urlopen(file_url) as answer:
            self.assertEqual(answer.read(), CONTENT)

    def test_gives_up(self):
        faults("POST", [{"operation": "PutPart", "part": 1, "times": -1, "kind": "status", "status": 503, "retryAfter": "0"}])
        with self.assertRaises(urllib.error.HTTPError) as failed:
            Uploader(URL, KEY).upload(CONTENT)
        failed.exception.close()
        self.assertEqual(failed.exception.code, 503)


if __name__ == "__main__":
    unittest.main()
