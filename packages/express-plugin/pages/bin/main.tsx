import '../look/look.css';
