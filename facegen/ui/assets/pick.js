// Any button with data-index: the event `pick` tells which.
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-index]');
  if (button) trigger('pick', { index: Number(button.dataset.index) });
});
