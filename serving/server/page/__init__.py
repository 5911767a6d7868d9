"""The page at `/`: it shows the models and tries them in a browser.

`static/` holds the page as it is sent: HTML, CSS and small ES modules, without a build step and without anything from other sites. The
page reads the models from `/page/models.json` (`catalogue`) and asks them through the ordinary `/v1/` API. A task's view is one module
in `static/views/` and one line in `static/tasks.js`.
"""

from serving.server.page.handler import Page

__all__ = ["Page"]
