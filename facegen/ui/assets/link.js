// The page asks for a face by its link: Back and Forward, undo, the gallery. `trigger` is given by gr.HTML.
window.facegen.restore = (link) => trigger('restore', { link });
