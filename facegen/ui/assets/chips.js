// Templates: sentences with blanks, each a list to choose from; what was chosen goes into the box as if it were typed.
const templates = element.querySelector('dialog');
element.querySelector('[data-open]').addEventListener('click', () => templates.showModal());
templates.addEventListener('click', (event) => {
  const row = event.target.closest('[data-use]')?.closest('li');
  if (!row) return;
  const parts = [...row.querySelector('span').childNodes].map((node) => node.value ?? node.textContent);
  const box = document.querySelector('#fg-text textarea');
  box.value = parts.join('').replace(/\ba (?=[aeiou])/g, 'an ');
  box.dispatchEvent(new Event('input', { bubbles: true }));
  templates.close();
  box.focus();
});
