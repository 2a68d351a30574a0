// Entry of every page: each behaviour hangs on a data- attribute and lives in its own module.
import "./once.js";
import "./focus.js";
import "./reveal.js";
import "./search.js";
import "./dialog.js";
import "./network.js";
import "./select.js";
import "./menu.js";
import "./nav.js";
import "./print.js";
import "./logout.js";
import "./pending.js";
import "./back.js";
