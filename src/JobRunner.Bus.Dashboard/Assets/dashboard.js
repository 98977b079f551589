// What the page does without its server: Blazor tries to reconnect for a while; when it gives up, or the server has forgotten the page,
// this waits for the server and loads the page anew. It does so at once where one must log in first.
"use strict";
(() => {
    const given = ["failed", "rejected", "resume-failed"];
    let waiting = false;

    async function logInIfAsked() {
        try {
            const answer = await fetch(location.href, { cache: "no-store", redirect: "manual" });
            if (answer.type === "opaqueredirect") {
                location.reload();
            }
        } catch {
            // Away.
        }
    }

    async function comeBack() {
        if (waiting) {
            return;
        }

        waiting = true;
        for (;;) {
            try {
                const answer = await fetch(location.href, { cache: "no-store" });
                if (answer.ok) {
                    location.reload();
                    return;
                }
            } catch {
                // Still away.
            }

            await new Promise(done => setTimeout(done, 1000));
        }
    }

    document.getElementById("components-reconnect-modal").addEventListener("components-reconnect-state-changed", change => {
        if (given.includes(change.detail.state)) {
            comeBack();
        } else if (change.detail.state !== "hide") {
            logInIfAsked();
        }
    });
})();
