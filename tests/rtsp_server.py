"""A camera on loopback: plays a video over RTSP, in real time, again and again.

Run by the system's Python, which knows GStreamer: ``rtsp_server.py PORT VIDEO``.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(
    f'( filesrc location="{sys.argv[2]}" ! qtdemux ! h264parse ! '
    "rtph264pay name=pay0 pt=96 config-interval=-1 )"
)
factory.set_shared(True)
server.get_mount_points().add_factory("/gate", factory)
server.attach(None)
print("ready", flush=True)
GLib.MainLoop().run()
